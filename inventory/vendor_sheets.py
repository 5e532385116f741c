"""What vendors sell us to order, as a sheet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models.functions import Upper

from accounts.states import STAFF, Role
from catalog.queries import product_snapshots, products_by_sku
from catalog.states import Tracking
from core import sheets
from core.access import allow
from core.actors import Actor
from core.cells import Number, Text, YesNo
from core.sheet_table import SheetTable
from core.sheets import Change, Column, Problem, Sheet
from inventory.models import Site
from inventory.services.adopt_offers import adopt_offers
from inventory.states import SiteKind

# The cost is the house's: who may see it may also read it out of a file.
KEEPERS = allow(view=STAFF - {Role.CS, Role.WAREHOUSE}, act={Role.PLANNER, Role.OPERATOR})
NOT_BELOW_ZERO = Decimal(0)
_OFFERS = (
    Column("site", "Vendor", Text(20), True, refers="site", aliases=("vendor", "vendor code"),
           help="A site of kind vendor."),
    Column("product", "SKU", Text(60), True, refers="product", aliases=("item", "product")),
    Column("vendor_sku", "Vendor's number", Text(60), clears=False, aliases=("vendor item", "vendor sku")),
    Column("unit_cost", "Cost", Number(18, 6, low=NOT_BELOW_ZERO), True, aliases=("unit cost", "price"),
           help="What a base unit costs us."),
    Column("currency", "Currency", Text(3), clears=False, default="USD"),
    Column("most_qty", "At most", Number(14, 4, low=NOT_BELOW_ZERO), True, aliases=("quantity", "qty", "most"),
           help="Base units that may be on order with the vendor at once."),
    Column("is_active", "Active", YesNo(), clears=False, default="yes"),
)  # fmt: skip
_table = SheetTable(
    "inventory.VendorOffer", _OFFERS, ("site", "product"), (("site", "code"), ("product", "sku")), "vendor_offer"
)


def check_offers(changes: Sequence[Change], now: datetime) -> Mapping[int, Sequence[Problem]]:
    """The rules of the console's form: a vendor's site, and goods nobody must trace."""
    new = [c for c in changes if c.before is None]
    codes = {c.after["site"].upper() for c in new}
    sites = Site.objects.alias(upper=Upper("code")).filter(upper__in=codes, kind=SiteKind.VENDOR)
    vendors = {code.upper() for code in sites.values_list("code", flat=True)}
    ids: Mapping[str, int] = products_by_sku({c.after["product"] for c in new})
    products = product_snapshots(set(ids.values()))
    found: dict[int, list[Problem]] = {}
    for c in new:
        wrong = []
        if c.after["site"].upper() not in vendors:
            wrong.append(Problem("site", f"{c.after['site']} is no vendor's site.", "Name a site of kind vendor."))
        product = products.get(ids.get(c.after["product"].upper(), 0))
        if product is not None and product.tracking != Tracking.NONE:
            words = f"{product.sku} is tracked by {product.tracking}: what a vendor ships could not be traced."
            wrong.append(Problem("product", words, "Buy it into stock and ship it from there."))
        if wrong:
            found[c.number] = wrong
    return found


def settle_offers_of(changes: Sequence[Change], *, actor: Actor, now: datetime) -> None:
    """As when an offer is saved by hand: orders can be planned on all of them."""
    adopt_offers([(_cell(c, "site"), _cell(c, "product")) for c in changes], actor=actor, now=now)


def _cell(change: Change, name: str) -> str:
    return change.after.get(name) or (change.before or {}).get(name, "")


def register() -> None:
    sheets.register(
        Sheet("vendor_offers", "Vendors' offers", _OFFERS, ("site", "product"), _table, _table.write, KEEPERS, check_offers,
              help="What vendors sell us to order and ship to our customers.", settle=settle_offers_of,
              kept_remedy="Switch it off on its own page.")
    )  # fmt: skip
