"""What orders call off of volumes promised on contracts: told as what stands now, so that twice told is once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import Refused
from core.money import EXACT, round_amount
from core.rates import rates
from core.refs import DocumentRef
from core.uow import require_uow
from pricing.locks import lock_commitments
from pricing.models import Commitment, CommitmentUse
from pricing.states import Measure

ZERO = Decimal(0)


@dataclass(frozen=True)
class CallOff:
    """`qty` base units, worth `amount` of `currency`, that a document stands for now on a list's or contract's product; 0
    gives everything back."""

    ref: DocumentRef
    source_id: int
    product_id: int
    qty: Decimal
    on: date
    amount: Decimal = ZERO
    currency: str = ""


class NoRateToCount(Refused):
    template = "{currency} cannot be counted in {other} on {on}: there is no rate."
    remedy_template = "Enter the exchange rate; it is counted then."


Pair = tuple[int, int, date]  # source, product, day


@dataclass(frozen=True)
class _Running:
    id: int
    product_id: int | None
    start: date
    end: date
    is_money: bool
    currency: str


@require_uow
def lock_called_off(pairs: Iterable[Pair]) -> set[Pair]:
    """Which of (source, product, day) call something off, the commitments locked at rank 15: before the orders whose
    quantities the caller reads next. No lock where none runs."""
    found = {pair: mine for pair, mine in _running(pairs).items() if mine}
    if found:
        lock_commitments({c.id for mine in found.values() for c in mine})
    return set(found)


@require_uow
def call_off(uses: Sequence[CallOff]) -> dict[int, Decimal]:
    """{commitment: what is left of it} of the commitments that are called off; documents without one count nothing. Money
    counts in the list's currency, by the rate of the day. Raises NoRateToCount."""
    running = _running((u.source_id, u.product_id, u.on) for u in uses)
    counted = [(c, u) for u in uses for c in running[u.source_id, u.product_id, u.on]]
    if not counted:
        return {}
    lock_commitments({c.id for c, _ in counted})
    exchange = _rates(counted)
    changes: dict[int, Decimal] = {}
    known = _known(counted)
    new, changed = [], []
    for c, use in counted:
        row = known.get((c.id, use.ref.kind, use.ref.id))
        before = ZERO if row is None else row.amount if c.is_money else row.qty
        after = _worth(c, use, exchange)
        if after == before:
            continue
        changes[c.id] = changes.get(c.id, ZERO) + after - before
        measured = {"amount" if c.is_money else "qty": after}
        if row is None:
            new.append(
                CommitmentUse(commitment_id=c.id, ref_kind=use.ref.kind, ref_id=use.ref.id, on=use.on, **measured)
            )
        else:
            row.qty, row.amount = measured.get("qty", row.qty), measured.get("amount", row.amount)
            changed.append(row)
    CommitmentUse.objects.bulk_create(new)
    CommitmentUse.objects.bulk_update(changed, ["qty", "amount"])
    rows = lock_commitments(changes)
    for commitment in rows:
        commitment.add(changes[commitment.pk])
    Commitment.objects.bulk_update(rows, ["consumed_qty", "consumed_amount"])
    return {c.pk: c.committed - c.consumed for c in rows}


def _running(pairs: Iterable[Pair]) -> dict[Pair, list[_Running]]:
    """The commitments each is counted on: of its product, and of everything on the list. 1 SQL."""
    wanted = set(pairs)
    by_source: dict[int, list[_Running]] = {}
    columns = ("source_id", "pk", "product_id", "valid_from", "valid_to", "measure", "source__currency")
    rows = Commitment.objects.filter(source__in={s for s, _, _ in wanted}).order_by("pk")
    for source, pk, product, start, end, measure, currency in rows.values_list(*columns):
        by_source.setdefault(source, []).append(_Running(pk, product, start, end, measure == Measure.MONEY, currency))
    return {
        (s, p, on): [c for c in by_source.get(s, ()) if c.product_id in (None, p) and c.start <= on < c.end]
        for s, p, on in wanted
    }


def _known(counted: Sequence[tuple[_Running, CallOff]]) -> dict[tuple[int, str, int], CommitmentUse]:
    rows = CommitmentUse.objects.filter(
        commitment__in={c.id for c, _ in counted}, ref_id__in={u.ref.id for _, u in counted}
    )
    return {(x.commitment_id, x.ref_kind, x.ref_id): x for x in rows}


def _rates(counted: Sequence[tuple[_Running, CallOff]]) -> Mapping[tuple[str, str, date], Decimal]:
    """{(from, to, day): rate} where a document is in another currency than the list. 1 SQL a day, none without."""
    wanted = {(u.currency, c.currency, u.on) for c, u in counted if c.is_money and u.currency not in ("", c.currency)}
    found: dict[tuple[str, str, date], Decimal] = {}
    for day in sorted({on for _, _, on in wanted}):
        known = rates([(a, b) for a, b, on in wanted if on == day], on=day)
        found |= {(a, b, day): rate for (a, b), rate in known.items()}
    return found


def _worth(c: _Running, use: CallOff, exchange: Mapping[tuple[str, str, date], Decimal]) -> Decimal:
    """What the document counts on the commitment: base units, or money in its currency."""
    if not c.is_money:
        return use.qty
    if use.currency in ("", c.currency) or not use.amount:
        return use.amount
    rate = exchange.get((use.currency, c.currency, use.on))
    if rate is None:
        raise NoRateToCount(currency=use.currency, other=c.currency, on=use.on)
    return round_amount(EXACT.multiply(use.amount, rate), c.currency)
