"""Keep what a vendor sells us to order, and let orders be planned on it at once."""

from datetime import datetime
from decimal import Decimal

from catalog.queries import product_snapshots
from catalog.states import Tracking
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import is_exact
from core.reference import write_reference
from core.uow import door_verb
from inventory.models import Site, VendorOffer
from inventory.services.claim import Ledger
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import Place, balances_at
from inventory.services.vendor_stock import settle_offers
from inventory.states import SiteKind

CAUSE = "a vendor's offer was saved"


@door_verb
def save_vendor_offer(*, row: VendorOffer, actor: Actor, now: datetime) -> int:
    """The offer's id. A vendor that was out of it is asked again from now on; what is on order with it already stays.

    Raises InvalidInput: the site is no vendor's, the product is tracked by lot or serial number (what the vendor ships
    could not be traced), another offer of the two, a bad figure. Locks rank 60.
    """
    _require_sense(row)
    place = Place(row.product_id, row.site_id)
    row.balance_id, row.out_since = balances_at([place])[place], None
    write_reference(row=row, actor=actor, now=now)
    ledger = Ledger({})
    settle_offers(ledger, [row.balance_id], now=now, actor=actor)
    ledger.settle_all()
    ask_for_allocation([row.product_id], CAUSE, now=now, actor=actor)
    return row.pk


def _require_sense(row: VendorOffer) -> None:
    site = Site.objects.filter(pk=row.site_id).first()
    product = product_snapshots([row.product_id]).get(row.product_id) if row.product_id else None
    wrong = []
    if site is None or site.kind != SiteKind.VENDOR:
        words = "A vendor's offer belongs to a site of kind vendor."
        wrong.append(FieldError("/site", "no_vendor", words, "Choose one, or make a site of that kind first."))
    if product is None:
        wrong.append(FieldError("/product", "unknown", "There is no such product."))
    elif product.tracking != Tracking.NONE:
        words = f"{product.sku} is tracked by {product.tracking}: what a vendor ships could not be traced."
        wrong.append(FieldError("/product", "tracked", words, "Buy it into stock and ship it from there."))
    if not is_exact(row.most_qty) or row.most_qty < Decimal(0):
        wrong.append(FieldError("/most_qty", "bad_quantity", "At most is a quantity of zero or more."))
    if wrong:
        raise InvalidInput(wrong)
