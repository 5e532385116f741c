"""What follows an invoice beside commissions: revenue and rebates, brought to where the invoice is now.

Each is worked out from the invoice as it stands, so that the same fact twice, late or out of order has one effect.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Q, Sum

from billing import locks
from billing.models import InvoiceLine, RebateEntry, RecognitionRule
from billing.services.recognize_revenue import recognize
from billing.states import InvoiceStatus
from core import clock
from core.money import EXACT, round_amount
from core.quantity import plain
from core.uow import door_verb, require_uow
from pricing.group_queries import Rebate, RebateAsk, has_rebates, rebates_on

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@door_verb
def follow_invoices(*, invoice_ids: Collection[int], now: datetime) -> None:
    """Revenue and rebate accruals of these invoices. Without any rule or program it costs two statements. Locks rank 40."""
    if not RecognitionRule.objects.exists() and not has_rebates():
        return
    locks.lock_invoices(invoice_ids)
    recognize(invoice_ids, on=clock.company_day(now), now=now)
    accrue_rebates(invoice_ids, now=now)


@require_uow
def accrue_rebates(invoice_ids: Collection[int], *, now: datetime) -> int:
    """Bring the rebates of the invoices to what pricing's terms owe for what is left of them; how many entries. Three
    statements and the write. The invoices are locked by the caller. Rounded half-up to the currency's exponent."""
    lines = _lines(invoice_ids)
    owed = rebates_on([RebateAsk(x.id, x.account_id, x.product_id, x.issued) for x in lines])
    known = _known(owed)
    entries = []
    for line in lines:
        for rebate in owed.get(line.id, ()):
            amount = round_amount(EXACT.divide(EXACT.multiply(line.amount, rebate.percent), HUNDRED), line.currency)
            accrued, moves = known.get((rebate.program_id, line.id), (ZERO, 0))
            if amount != accrued:
                entries.append(_entry(line, rebate, amount - accrued, moves + 1, now))
    RebateEntry.objects.bulk_create(entries, batch_size=1000)
    return len(entries)


@dataclass(frozen=True)
class _Line:
    """An invoice line with what is left of its amount after credits."""

    id: int
    amount: Decimal
    product_id: int
    account_id: int
    issued: date
    number: str
    currency: str


def _lines(invoice_ids: Collection[int]) -> list[_Line]:
    rows = InvoiceLine.objects.filter(invoice__in=list(invoice_ids)).exclude(invoice__status=InvoiceStatus.DRAFT)
    left = F("amount") - F("credited_amount")
    columns = ("product_id", "invoice__account_id", "invoice__issued_date", "invoice__number", "invoice__currency")
    return [_Line(*row) for row in rows.order_by("pk").values_list("pk", left, *columns)]


def _known(line_ids: Collection[int]) -> dict[tuple[int, int], tuple[Decimal, int]]:
    """{(program, line): (accrued so far, how many entries)}; what was paid out is no accrual."""
    rows = RebateEntry.objects.filter(invoice_line__in=list(line_ids)).values_list("program_id", "invoice_line_id")
    sums = rows.annotate(accrued=Sum("amount", filter=Q(credit_memo=None)), moves=Count("pk"))
    return {(program, line): (accrued or ZERO, moves) for program, line, accrued, moves in sums}


def _entry(line: _Line, rebate: Rebate, amount: Decimal, move: int, now: datetime) -> RebateEntry:
    return RebateEntry(
        program_id=rebate.program_id, account_id=line.account_id, invoice_line_id=line.id, amount=amount,
        why=f"{plain(rebate.percent)} % of {line.amount} on {line.number}",
        key=f"{rebate.program_id}:{line.id}:{move}", at=now,
    )  # fmt: skip
