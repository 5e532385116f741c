"""Write down the prices of a quote or a deal, so that pricing never has to look up."""

from collections.abc import Iterable
from datetime import datetime

from core.errors import FieldError, InvalidInput
from core.refs import DocumentRef
from core.uow import require_uow
from pricing.models import PriceAgreement, PriceAgreementRow
from pricing.rules.asks import AgreedPrice


@require_uow
def agree(
    ref: DocumentRef,
    rows: Iterable[AgreedPrice],
    *,
    account_id: int,
    currency: str,
    valid_until: datetime,
    now: datetime,
) -> int:
    """Prices of `ref` for this account, per base unit; a second call for the same document replaces the first.

    The caller holds the document's lock. Returns the agreement's id. Raises InvalidInput.
    """
    agreed = list(rows)
    _refuse_bad(agreed)
    agreement, _ = PriceAgreement.objects.update_or_create(
        ref_kind=ref.kind,
        ref_id=ref.id,
        defaults={
            "ref_number": ref.number,
            "account_id": account_id,
            "currency": currency,
            "valid_until": valid_until,
        },
        create_defaults={
            "ref_number": ref.number,
            "account_id": account_id,
            "currency": currency,
            "valid_until": valid_until,
            "created_at": now,
        },
    )
    PriceAgreementRow.objects.filter(agreement=agreement).delete()
    PriceAgreementRow.objects.bulk_create(
        PriceAgreementRow(agreement=agreement, product_id=r.product_id, min_qty=r.min_qty, unit_price=r.unit_price)
        for r in agreed
    )
    return int(agreement.pk)


def _refuse_bad(rows: list[AgreedPrice]) -> None:
    errors = []
    seen: set[tuple[int, object]] = set()
    for i, row in enumerate(rows):
        if row.unit_price < 0 or row.min_qty < 0:
            errors.append(FieldError(f"/rows/{i}", "negative", "A price and its break are not negative."))
        if (row.product_id, row.min_qty) in seen:
            errors.append(FieldError(f"/rows/{i}", "repeated", "This product has this break twice."))
        seen.add((row.product_id, row.min_qty))
    if errors:
        raise InvalidInput(errors)
