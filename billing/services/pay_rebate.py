"""Pay a customer the rebate that was accrued: a credit on account."""

from datetime import datetime

from django.db.models import Sum

from billing.models import CreditMemo, RebateEntry
from billing.services.issue_credit_memo import credit_sum
from billing.states import CreditKind
from core.actors import Actor
from core.errors import NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from pricing.group_queries import rebate_programs


class NothingAccrued(Refused):
    template = "Nothing of {program} is accrued for this customer and not paid."


@door_verb
def pay_rebate(*, program_id: int, account_id: int, currency: str, actor: Actor, now: datetime) -> int:
    """Credit what is accrued and not paid; the credit memo's id. Locks credit (10). Raises NotFound, NothingAccrued."""
    program = next(iter(rebate_programs([program_id])), None)
    if program is None:
        raise NotFound(kind="rebate program", ident=program_id)
    lock_accounts([account_id])
    mine = RebateEntry.objects.filter(
        program_id=program_id, account_id=account_id, invoice_line__invoice__currency=currency
    )
    owed = [(line, left) for line, left in mine.values_list("invoice_line_id").annotate(left=Sum("amount")) if left]
    total = sum(left for _, left in owed)
    if total <= 0:
        raise NothingAccrued(program=program.name)
    paid = mine.filter(credit_memo__isnull=False).count()
    memo_id = credit_sum(
        account_id=account_id, kind=CreditKind.REBATE, amount=total, currency=currency, reason=f"Rebate {program.name}",
        key=f"rebate:{program_id}:{account_id}:{currency}:{paid}", source=DocumentRef("rebate", program_id, program.code),
        actor=actor, now=now,
    )  # fmt: skip
    number = CreditMemo.objects.values_list("number", flat=True).get(pk=memo_id)
    RebateEntry.objects.bulk_create(
        RebateEntry(
            program_id=program_id, account_id=account_id, invoice_line_id=line, amount=-left, credit_memo_id=memo_id,
            why=f"paid by credit memo {number}", key=f"{program_id}:{line}:paid:{memo_id}", at=now,
        )
        for line, left in owed
    )  # fmt: skip
    return memo_id
