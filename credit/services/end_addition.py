"""End a temporary or insured limit before its time. What was released under it stays released."""

from datetime import date, datetime

from core import journal
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb
from credit.authority import authority_of
from credit.locks import lock_credit_accounts
from credit.models import AdditionEnd, LimitAddition

LEAST_REASON = 10


class AdditionOver(Refused):
    template = "The addition is over since {end_date}."
    remedy_template = "Nothing is left to end."


@door_verb(refuse_on={"credit_additionend_addition_id_key": AdditionOver})
def end_addition(*, addition_id: int, note: str, actor: Actor, now: datetime, end_date: date | None = None) -> date:
    """The first day without it: today unless told otherwise. Raises NotFound, NotPermitted, InvalidInput, AdditionOver."""
    found = LimitAddition.objects.filter(pk=addition_id).select_related("credit_account").first()
    if found is None:
        raise NotFound(kind="limit addition", ident=addition_id)
    if authority_of(actor) is None:
        raise NotPermitted(actor=actor.label, verb="end an addition", roles="finance")
    account_id, day = found.credit_account.account_id, end_date or company_day(now)
    lock_credit_accounts([account_id])
    if len(note.strip()) < LEAST_REASON:
        raise InvalidInput([FieldError("/note", "too_short", "Say why in at least ten characters.")])
    ended = AdditionEnd.objects.filter(addition_id=addition_id).first()
    if ended is not None or (found.valid_to is not None and found.valid_to <= day):
        raise AdditionOver(end_date=str(ended.end_date if ended else found.valid_to))
    AdditionEnd.objects.create(addition=found, end_date=day, note=note.strip()[:300], at=now, ended_by=actor.label)
    summary = f"{found.amount:,} {found.credit_account.currency} {found.kind} ends on {day}: {note.strip()}"
    journal.write([journal.Entry(DocumentRef("account", account_id), "addition_ended", summary)], actor=actor, now=now)
    return day
