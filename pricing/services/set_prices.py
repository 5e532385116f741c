"""Put many prices on lists and contracts at once: imports and the replay of a history."""

from collections.abc import Sequence
from datetime import datetime

from accounts.rules.checks import currency_problem
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.refs import DocumentRef
from core.uow import door_verb
from pricing.models import PriceRow, PriceSource
from pricing.rules.asks import ListSpec, PriceSpec
from pricing.states import PriceLevel

_BATCH = 2_000


@door_verb
def set_prices(lists: Sequence[ListSpec], prices: Sequence[PriceSpec], *, actor: Actor, now: datetime) -> int:
    """How many prices are new. A list that exists, and a price where one holds already in that period, stay as they are.

    A constant number of statements. Raises InvalidInput (negative prices, unknown lists; pointers /3/unit_price).
    """
    if unkept := [
        FieldError(f"/{i}/currency", "currency", *problem)
        for i, spec in enumerate(lists)
        if (problem := currency_problem(spec.currency))
    ]:
        raise InvalidInput(unkept)
    PriceSource.objects.bulk_create([_source(spec) for spec in lists], ignore_conflicts=True, batch_size=_BATCH)
    codes = {price.list_code for price in prices}
    ids = dict(PriceSource.objects.filter(code__in=codes).values_list("code", "pk"))
    if problems := _problems(prices, ids):
        raise InvalidInput(problems)
    before = PriceRow.objects.filter(source__in=ids.values()).count()
    rows = [
        PriceRow(
            source_id=ids[p.list_code],
            product_id=p.product_id,
            min_qty=p.min_qty,
            unit_price=p.unit_price,
            valid_from=p.valid_from,
            valid_to=p.valid_to,
        )
        for p in prices
    ]
    PriceRow.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_BATCH)
    new = PriceRow.objects.filter(source__in=ids.values()).count() - before
    if new:
        summary = f"{new} prices set on {len(ids)} lists"
        journal.write(
            [journal.Entry(DocumentRef("price_list", min(ids.values())), "priced", summary)], actor=actor, now=now
        )
    return new


def _source(spec: ListSpec) -> PriceSource:
    return PriceSource(
        code=spec.code,
        name=spec.name,
        level=PriceLevel.LIST if spec.account_id is None else PriceLevel.ACCOUNT,
        account_id=spec.account_id,
        currency=spec.currency,
        valid_from=spec.valid_from,
    )


def _problems(prices: Sequence[PriceSpec], ids: dict[str, int]) -> list[FieldError]:
    found = []
    for i, price in enumerate(prices):
        if price.list_code not in ids:
            found.append(FieldError(f"/{i}/list_code", "unknown", f"There is no price list {price.list_code}."))
        if price.unit_price < 0 or price.min_qty < 0:
            found.append(FieldError(f"/{i}/unit_price", "negative", "A price and its break are not negative."))
    return found
