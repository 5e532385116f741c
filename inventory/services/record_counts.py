"""Write down what was found. Blind: nobody is told what the books say before the count is posted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from catalog.queries import product_snapshots
from catalog.states import Tracking
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound
from core.quantity import is_exact
from core.uow import door_verb
from inventory import locks
from inventory.models import CountLine, StockCount
from inventory.rules.counts import FoundStock
from inventory.services.open_count import count_ref
from inventory.services.places import Place, balances_at, lots_called
from inventory.services.serials import one_unit_or_none
from inventory.states import COUNT, CountStatus


@door_verb
def record_counts(
    *,
    count_id: int,
    counted: Mapping[int, Decimal],
    found: Sequence[FoundStock] = (),
    actor: Actor,
    now: datetime,
) -> None:
    """`counted` is {line: quantity}; `found` are goods on no line. A figure that is said again keeps its moment.

    New figures take back an approval that was asked for. Raises NotFound, IllegalTransition, InvalidInput,
    LotOfAnotherProduct, UnknownLot.
    """
    row = locks.lock_count(count_id)
    if row is None:
        raise NotFound(kind="count", ident=count_id)
    if row.status != CountStatus.OPEN:
        row.status = COUNT.require(CountStatus(row.status), CountStatus.OPEN)
    lines = {x.pk: x for x in row.lines.select_related("balance__lot")}
    if errors := [*_wrong(lines, counted), *_wrong_found(found), *_wrong_units(lines, counted, found)]:
        raise InvalidInput(errors)
    figures = {lines[i].balance_id: qty for i, qty in counted.items()} | _found(row, lines, found)
    told = [x for x in row.lines.filter(balance_id__in=figures) if x.counted_qty != figures[x.balance_id]]
    for line in told:
        line.counted_qty, line.counted_at = figures[line.balance_id], now
        line.counted_by_id, line.counted_by = actor.user_id, actor.label
    CountLine.objects.bulk_update(told, ["counted_qty", "counted_at", "counted_by_id", "counted_by"], batch_size=1000)
    row.save(update_fields=["status"])
    if told:
        words = f"{len(told)} line(s) counted"
        journal.write([journal.Entry(count_ref(row), "counted", words)], actor=actor, now=now)


def _found(row: StockCount, lines: Mapping[int, CountLine], found: Sequence[FoundStock]) -> dict[int, Decimal]:
    """{balance: quantity} of goods on no line, with lines made for them."""
    if not found:
        return {}
    lots = lots_called([(f.product_id, f.lot_code) for f in found])
    places = []
    for f in found:
        lot = lots.get((f.product_id, f.lot_code))
        places.append(Place(f.product_id, row.site_id, lot.pk if lot else None))
    balances = balances_at(set(places))
    known = {x.balance_id for x in lines.values()}
    fresh = sorted(set(balances.values()) - known)
    CountLine.objects.bulk_create(CountLine(count=row, balance_id=balance_id) for balance_id in fresh)
    return {balances[place]: f.qty for place, f in zip(places, found, strict=True)}


def _wrong(lines: Mapping[int, CountLine], counted: Mapping[int, Decimal]) -> list[FieldError]:
    errors = []
    for line_id, qty in counted.items():
        if line_id not in lines:
            words = "The count has no such line."
            errors.append(FieldError(f"/lines/{line_id}", "unknown_line", words, "Reload the page."))
        elif not is_exact(qty) or qty < 0:
            words = "What was counted is zero or more, of at most four places."
            errors.append(FieldError(f"/lines/{line_id}", "not_a_quantity", words, "Count in the base unit."))
    return errors


def _wrong_units(
    lines: Mapping[int, CountLine], counted: Mapping[int, Decimal], found: Sequence[FoundStock]
) -> list[FieldError]:
    """What has serial numbers is there or not, by its number. One statement."""
    named = {lines[i].balance.product_id for i in counted if i in lines} | {f.product_id for f in found}
    products = product_snapshots(named)
    told = [
        (f"/lines/{i}", lines[i].balance.product_id, lot.code if (lot := lines[i].balance.lot) else "", qty)
        for i, qty in counted.items()
        if i in lines
    ] + [(f"/found/{n}/qty", f.product_id, f.lot_code, f.qty) for n, f in enumerate(found)]
    errors = []
    for pointer, product_id, code, qty in told:
        product = products.get(product_id)
        is_numbered = product is not None and product.tracking == Tracking.SERIAL and is_exact(qty) and qty >= 0
        if product and is_numbered and (wrong := one_unit_or_none(product.sku, code, qty)):
            errors.append(FieldError(pointer, *wrong))
    return errors


def _wrong_found(found: Sequence[FoundStock]) -> list[FieldError]:
    words = "What was found is above zero, of at most four places."
    return [
        FieldError(f"/found/{n}/qty", "not_a_quantity", words, "Count in the base unit.")
        for n, f in enumerate(found)
        if not is_exact(f.qty) or f.qty <= 0
    ]
