"""What may be told outside: which journal verbs, and a hold's reason without the inner numbers (a floor, a margin)."""

from accounts.states import STAFF
from orders.rules.asks import HoldView

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
        "line_split",
    }
)
# A credit message speaks of the customer's own limit; a price message may name our floor.
SPEAKABLE_REASONS = frozenset({"credit", "data", "eligibility", "approval"})
GENERIC = "The order waits for our customer service."


def hold_message(hold: HoldView, roles: frozenset[str]) -> str:
    """The hold's own words for staff; for others only where those words are theirs to read."""
    if roles & STAFF or hold.reason in SPEAKABLE_REASONS:
        return hold.message
    return GENERIC
