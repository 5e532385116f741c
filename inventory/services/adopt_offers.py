"""Vendors' offers that were written as rows: each gets its balance, is good again, and who waits is allocated."""

from collections.abc import Collection
from datetime import datetime

from django.db.models.functions import Upper

from core.actors import Actor
from core.uow import require_uow
from inventory.models import VendorOffer
from inventory.services.claim import Ledger
from inventory.services.give_way import ask_for_allocation
from inventory.services.places import Place, balances_at
from inventory.services.save_vendor_offer import CAUSE
from inventory.services.vendor_stock import settle_offers


@require_uow
def adopt_offers(named: Collection[tuple[str, str]], *, actor: Actor, now: datetime) -> None:
    """`named` are (site's code, SKU), of which only offers that exist are taken. Locks rank 60. A constant number of
    statements."""
    wanted = {(site.upper(), sku.upper()) for site, sku in named}
    rows = VendorOffer.objects.alias(vendor=Upper("site__code")).filter(vendor__in={s for s, _ in wanted})
    rows = rows.select_related("site", "product")
    offers = [o for o in rows.order_by("pk") if (o.site.code.upper(), o.product.sku.upper()) in wanted]
    if not offers:
        return
    bare = [o for o in offers if o.balance_id is None or o.out_since is not None]
    places = balances_at([Place(o.product_id, o.site_id) for o in bare]) if bare else {}
    for offer in bare:
        offer.balance_id, offer.out_since = places[Place(offer.product_id, offer.site_id)], None
    VendorOffer.objects.bulk_update(bare, ["balance", "out_since"], batch_size=1000)
    ledger = Ledger({})
    settle_offers(ledger, [o.balance_id for o in offers if o.balance_id is not None], now=now, actor=actor)
    ledger.settle_all()
    ask_for_allocation({o.product_id for o in offers}, CAUSE, now=now, actor=actor)
