"""What a vendor's balance stands for: how many it can still be asked for, and how long its goods take (domain.md §7)."""

from dataclasses import dataclass
from decimal import Decimal

from inventory.states import SiteKind

ZERO = Decimal(0)
THE_VENDOR = "the vendor"  # whom we buy from is ours to know; and what it makes to order is never there "now"


def shown_name(kind: str, name: str) -> str:
    """What a customer reads as the place goods come from."""
    return THE_VENDOR if kind == SiteKind.VENDOR else name


def shown_code(kind: str, code: str) -> str:
    """The same as a code."""
    return "VENDOR" if kind == SiteKind.VENDOR else code


@dataclass(frozen=True)
class VendorTerms:
    """What a balance at a vendor's site is bought for: `unit_cost` of a base unit in `currency`."""

    site_id: int
    product_id: int
    unit_cost: Decimal
    currency: str
    vendor_sku: str = ""


@dataclass(frozen=True)
class VendorLead:
    """A product that a rule lets a vendor ship: `qty` can be asked for, `days` until the customer has it at the soonest."""

    site_id: int
    qty: Decimal
    days: int

    @property
    def words(self) -> str:
        """The vendor is not named: whom we buy from is ours to know."""
        return f"from the vendor in {self.days} {'day' if self.days == 1 else 'days'}"


def offered_qty(*, most: Decimal, is_active: bool, is_out: bool, claimed: Decimal) -> Decimal:
    """What the balance of an offer holds: what may be on order at once, and never less than is on order already."""
    standing = most if is_active and not is_out else ZERO
    return max(standing, claimed)
