"""Say that somebody is away, until when, and who stands in."""

from datetime import datetime

from django.db.models import Q

from accounts.models import UserAbsence
from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.reference import write_reference
from core.refs import DocumentRef
from core.uow import door_verb


class AbsenceOverlaps(Refused):
    template = "{user} is away already, from {start} until {end}."
    remedy_template = "Change that absence instead."


@door_verb(refuse_on={"one_absence_at_a_time": AbsenceOverlaps})
def save_absence(*, row: UserAbsence, actor: Actor, now: datetime) -> int:
    """The absence's id. Raises InvalidInput (it ends before it starts, they stand in for themselves, the delegate is
    locked out), AbsenceOverlaps."""
    if problems := _problems(row):
        raise InvalidInput(problems)
    _refuse_overlap(row)
    write_reference(row=row, actor=actor, now=now)
    until = f" until {row.back_on}" if row.back_on else ""
    stands_in = f"; {row.delegate} stands in" if row.delegate else ""
    told = f"away from {row.away_from}{until}{stands_in}"
    person = DocumentRef("user", row.user_id, row.user.email)
    journal.write([journal.Entry(person, "absence_set", told)], actor=actor, now=now)
    return row.pk


def _problems(row: UserAbsence) -> list[FieldError]:
    if row.back_on is not None and row.back_on <= row.away_from:
        wrong = f"Back on {row.back_on} is not after {row.away_from}, the first day away."
        return [FieldError("/back_on", "period", wrong, "Give the first day they are there again.")]
    if row.delegate_id is not None and row.delegate_id == row.user_id:
        wrong = "Nobody stands in for themselves."
        return [FieldError("/delegate", "self", wrong, "Choose somebody else, or leave it empty for the manager.")]
    if row.delegate is not None and not row.delegate.is_active:
        wrong = f"{row.delegate} cannot sign in any more."
        return [FieldError("/delegate", "inactive", wrong, "Choose somebody who is here.")]
    return []


def _refuse_overlap(row: UserAbsence) -> None:
    others = UserAbsence.objects.filter(user=row.user_id).exclude(pk=row.pk)
    others = others.filter(Q(back_on__isnull=True) | Q(back_on__gt=row.away_from))
    if row.back_on is not None:
        others = others.filter(away_from__lt=row.back_on)
    other = others.select_related("user").order_by("away_from").first()
    if other is not None:
        until = str(other.back_on or "further notice")
        raise AbsenceOverlaps(user=str(other.user), start=str(other.away_from), end=until)
