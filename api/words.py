"""What may be told outside: which journal verbs, and a hold's reason without the inner numbers (a floor, a margin)."""

from accounts.states import STAFF
from orders.rules.asks import HoldView
from orders.rules.telling import told_hold

# Everything a customer may read on an order's timeline; prices overridden, notes and scores stay inside.
TOLD = frozenset(
    {
        "captured",
        "extended",
        "submitted",
        "held",
        "hold_placed",
        "hold_cleared",
        "released",
        "shipped",
        "delivered",
        "invoiced",
        "cancelled",
        "closed",
        "lines_cancelled",
        "promise_changed",
        "substituted",
        "amended",
        "promise_kept",
        "promise_asked",
        "allowance_asked",
        "price_asked",
        "line_split",
    }
)


def hold_message(hold: HoldView, roles: frozenset[str]) -> str:
    """The hold's own words for staff; for others only where those words are theirs to read."""
    return hold.message if roles & STAFF else told_hold(hold.reason, hold.message)
