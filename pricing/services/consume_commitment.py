"""Count a document's quantity against the units a customer promised on a contract."""

from datetime import date
from decimal import Decimal

from core.refs import DocumentRef
from core.uow import require_uow
from pricing.locks import lock_commitments
from pricing.models import Commitment, CommitmentUse
from pricing.states import Measure


@require_uow
def consume_commitment(
    ref: DocumentRef, qty: Decimal, *, source_id: int | None, product_id: int, on: date
) -> Decimal | None:
    """Add `qty` base units (negative: give back) once per document; what is still to be called off, or None.

    None: the source has no commitment for the product on that day. Calling off more than was promised is fine.
    """
    running = Commitment.objects.filter(
        source_id=source_id, product_id=product_id, measure=Measure.UNITS, valid_from__lte=on, valid_to__gt=on
    ).values_list("pk", flat=True)
    locked = lock_commitments(running)
    if not locked:
        return None
    (commitment,) = locked
    _, is_new = CommitmentUse.objects.get_or_create(
        commitment=commitment, ref_kind=ref.kind, ref_id=ref.id, defaults={"qty": qty, "on": on}
    )
    if is_new:
        commitment.consumed_qty += qty
        commitment.save(update_fields=["consumed_qty"])
    return commitment.committed_qty - commitment.consumed_qty
