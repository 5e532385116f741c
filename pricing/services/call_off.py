"""What orders call off of volumes promised on contracts: told as what stands now, so that twice told is once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.refs import DocumentRef
from core.uow import require_uow
from pricing.locks import lock_commitments
from pricing.models import Commitment, CommitmentUse

ZERO = Decimal(0)


@dataclass(frozen=True)
class CallOff:
    """`qty` base units that a document stands for now on a list's or contract's product; 0 gives everything back."""

    ref: DocumentRef
    source_id: int
    product_id: int
    qty: Decimal
    on: date


Pair = tuple[int, int, date]  # source, product, day


@require_uow
def lock_called_off(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """{(source, product, day): commitment} of those that run on the day, locked at rank 15: before the orders whose
    quantities the caller reads next. No lock where none runs."""
    wanted = set(pairs)
    if not wanted:
        return {}
    rows = Commitment.objects.filter(source__in={s for s, _, _ in wanted}, product__in={p for _, p, _ in wanted})
    by_pair: dict[tuple[int, int], list[tuple[int, date, date]]] = {}
    for pk, source, product, start, end in rows.values_list("pk", "source_id", "product_id", "valid_from", "valid_to"):
        by_pair.setdefault((source, product), []).append((pk, start, end))
    found = {(s, p, on): pk for s, p, on in wanted for pk, start, end in by_pair.get((s, p), ()) if start <= on < end}
    if found:
        lock_commitments(found.values())
    return found


@require_uow
def call_off(uses: Sequence[CallOff]) -> dict[int, Decimal]:
    """{commitment: what is left of it} of the commitments that are called off; documents without one count nothing."""
    running = lock_called_off((u.source_id, u.product_id, u.on) for u in uses)
    if not running:
        return {}
    wanted = [(running.get((u.source_id, u.product_id, u.on)), u) for u in uses]
    known = {
        (x.commitment_id, x.ref_kind, x.ref_id): x
        for x in CommitmentUse.objects.filter(
            commitment__in={pk for pk, _ in wanted if pk}, ref_id__in={u.ref.id for u in uses}
        )
    }
    changes: dict[int, Decimal] = {}
    new, changed = [], []
    for pk, use in wanted:
        if pk is None:
            continue
        row = known.get((pk, use.ref.kind, use.ref.id))
        before = row.qty if row else ZERO
        if use.qty == before:
            continue
        changes[pk] = changes.get(pk, ZERO) + use.qty - before
        if row is None:
            new.append(
                CommitmentUse(commitment_id=pk, ref_kind=use.ref.kind, ref_id=use.ref.id, qty=use.qty, on=use.on)
            )
        else:
            row.qty = use.qty
            changed.append(row)
    CommitmentUse.objects.bulk_create(new)
    CommitmentUse.objects.bulk_update(changed, ["qty"])
    rows = lock_commitments(changes)
    for commitment in rows:
        commitment.consumed_qty += changes[commitment.pk]
    Commitment.objects.bulk_update(rows, ["consumed_qty"])
    return {c.pk: c.committed_qty - c.consumed_qty for c in rows}
