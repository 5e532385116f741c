"""Ask for another credit limit from any door: set at once by whoever may, else a second person decides."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from accounts.approval_queries import is_of_the_house
from core import journal, overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotPermitted
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.models import CreditAccount
from credit.services.change_limit import LimitAuthorityExceeded, change_locked_limit, locked_account
from credit.services.request_limit import request_limit_of

LARGEST = Decimal("999999999999.99")  # numeric(14,2)


@dataclass(frozen=True)
class LimitAsked:
    """`approval_id` is what it waits for; None where it was set at once."""

    approval_id: int | None = None


@door_verb
def ask_limit(
    *, account_id: int, limit_amount: Decimal, reason: Reason, actor: Actor, now: datetime, valid_to: date | None = None
) -> LimitAsked:
    """What a customer or their rep asks for always waits, and has to be more than the limit is. Asked twice, it is one
    request. `valid_to` is the first day without it.

    Raises NotFound (no credit account), InvalidInput at "/amount" and "/until", ReasonTooShort.
    """
    if len(reason.note.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.note.strip()))
    row = locked_account(account_id)
    if errors := _wrong(row, limit_amount, valid_to, company_day(now)):
        raise InvalidInput(errors)
    if is_of_the_house(actor) and _is_set(row, limit_amount, valid_to, reason, actor, now):
        return LimitAsked()
    words = f"A credit limit of {limit_amount:,.2f} {row.currency} was asked for"
    journal.write([journal.Entry(DocumentRef("account", account_id), "limit_asked", words)], actor=actor, now=now)
    asked = request_limit_of(account_id, limit_amount, valid_to, reason.note.strip(), reason.code, actor=actor, now=now)
    return LimitAsked(asked)


@require_uow
def _is_set(
    row: CreditAccount, amount: Decimal, valid_to: date | None, reason: Reason, actor: Actor, now: datetime
) -> bool:
    try:
        change_locked_limit(row, amount, valid_to, reason, actor=actor, now=now)
    except (NotPermitted, LimitAuthorityExceeded):
        return False  # not theirs to set alone: it is asked for
    return True


def _wrong(row: CreditAccount, amount: Decimal, valid_to: date | None, today: date) -> list[FieldError]:
    errors = []
    if not amount.is_finite() or not 0 < amount <= LARGEST or amount != round(amount, 2):
        errors.append(FieldError("/amount", "invalid", "This is not an amount.", "Write it as 60000.00."))
    elif amount <= row.limit_amount and (row.limit_valid_to is None or amount < row.limit_amount):
        words = f"{amount:,.2f} is not more than the limit of {row.limit_amount:,.2f} {row.currency}."
        errors.append(FieldError("/amount", "not_higher", words, "Ask for a higher limit."))
    if valid_to is not None and valid_to <= today:
        errors.append(FieldError("/until", "in_the_past", f"{valid_to} is not a day to come.", "Give a later day."))
    return errors
