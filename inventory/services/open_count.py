"""Start a count of a site: of some products, or of everything that should be there."""

from collections.abc import Collection
from datetime import datetime

from catalog.queries import product_snapshots
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.numbering import draw
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from inventory import locks
from inventory.models import CountLine, Site, StockBalance, StockCount
from inventory.services.places import Place, balances_at, site_called
from inventory.states import COUNT, CountStatus


@door_verb
def open_count(
    *, site_id: int, product_ids: Collection[int] | None = None, key: str, actor: Actor, now: datetime
) -> int:
    """The count's id; the same key again gives the first one. `product_ids` None counts everything at the site.

    A line for each place, lot and status that has stock by the books, and one for each product named that has none.
    Raises NotFound, SiteIsClosed, InvalidInput (nothing to count).
    """
    known = StockCount.objects.filter(request_key=key).values_list("id", flat=True).first()
    if known is not None:
        return known
    site = site_called(site_id, verb="nothing is counted there")
    return begin_count(site=site, product_ids=product_ids, key=key, actor=actor, now=now)


@require_uow
def begin_count(*, site: Site, product_ids: Collection[int] | None, key: str, actor: Actor, now: datetime) -> int:
    """The same inside somebody's transaction. Raises InvalidInput (nothing to count)."""
    balances = _balances(site, product_ids)
    if not balances:
        words = f"By the books there is nothing at {site}."
        raise InvalidInput([FieldError("/products", "nothing_to_count", words, "Name the products to look for.")])
    row = StockCount(
        number=draw("stock_count", prefix="CN-")[0],
        request_key=key,
        site=site,
        is_whole_site=product_ids is None,
        opened_at=now,
        opened_by=actor.label,
    )
    StockCount.objects.bulk_create([row], ignore_conflicts=True)  # a twin with this key may be first
    stored = StockCount.objects.get(request_key=key)
    if stored.number == row.number:
        CountLine.objects.bulk_create(CountLine(count=stored, balance_id=balance_id) for balance_id in balances)
        what = "everything" if product_ids is None else f"{len(set(product_ids))} product(s)"
        words = f"Count of {what} at {site}: {len(balances)} line(s)"
        journal.write([journal.Entry(count_ref(stored), "opened", words)], actor=actor, now=now)
    return stored.pk


@door_verb
def cancel_count(*, count_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Give the count up: nothing is posted. Cancelled again changes nothing. Raises NotFound, IllegalTransition."""
    row = locks.lock_count(count_id)
    if row is None:
        raise NotFound(kind="count", ident=count_id)
    if row.status == CountStatus.CANCELLED:
        return
    row.status = COUNT.require(CountStatus(row.status), CountStatus.CANCELLED)
    row.end_reason = reason.strip()[:200]
    row.save(update_fields=["status", "end_reason"])
    words = "Cancelled" + (f": {row.end_reason}" if row.end_reason else "")
    journal.write([journal.Entry(count_ref(row), "cancelled", words)], actor=actor, now=now)


def count_ref(row: StockCount) -> DocumentRef:
    return DocumentRef("stock_count", row.pk, row.number)


def _balances(site: Site, product_ids: Collection[int] | None) -> list[int]:
    """Our own stock only: a supplier's or customer's is counted with them."""
    rows = StockBalance.objects.filter(site=site, owner="", on_hand_qty__gt=0).order_by(
        "product__sku", "lot__code", "id"
    )
    if product_ids is None:
        return list(rows.values_list("id", flat=True))
    products = product_snapshots(list(product_ids))
    if unknown := set(product_ids) - set(products):
        words = f"There is no product {min(unknown)}."
        raise InvalidInput([FieldError("/products", "unknown_product", words, "Name products by their SKU.")])
    found = dict(rows.filter(product_id__in=product_ids).values_list("id", "product_id"))
    empty = balances_at([Place(p, site.pk) for p in sorted(set(product_ids) - set(found.values()))])
    return [*found, *empty.values()]
