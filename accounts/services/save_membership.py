"""Say that an account belongs to a group, from when until when, and what proves it."""

from datetime import datetime

from django.db.models import Q

from accounts.models import GroupMembership
from accounts.rules.checks import identifier_problem
from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.reference import write_reference
from core.uow import door_verb


class MembershipOverlaps(Refused):
    template = "{account} is in {group} already, from {start} until {end}."
    remedy_template = "End that membership first, or start this one when it ends."


@door_verb(refuse_on={"one_membership_per_group_at_a_time": MembershipOverlaps})
def save_membership(*, row: GroupMembership, actor: Actor, now: datetime) -> int:
    """The membership's id. Identifiers are kept in upper case, without blanks at their ends. Raises InvalidInput,
    MembershipOverlaps."""
    row.identifier = row.identifier.strip().upper()
    if problems := _problems(row):
        raise InvalidInput(problems)
    _refuse_overlap(row)
    write_reference(row=row, actor=actor, now=now)
    return row.pk


def _problems(row: GroupMembership) -> list[FieldError]:
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        return [FieldError("/valid_to", "period", f"It ends ({row.valid_to}) before it starts ({row.valid_from}).")]
    if bool(row.identifier) != bool(row.identifier_kind):
        missing = "identifier" if row.identifier_kind else "identifier_kind"
        return [FieldError(f"/{missing}", "required", "An identifier and its kind go together.")]
    wrong = identifier_problem(row.identifier_kind, row.identifier) if row.identifier else ""
    return [FieldError("/identifier", row.identifier_kind, wrong)] if wrong else []


def _refuse_overlap(row: GroupMembership) -> None:
    same = GroupMembership.objects.filter(account=row.account_id, group=row.group_id).exclude(pk=row.pk)
    others = same.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=row.valid_from))
    if row.valid_to is not None:
        others = others.filter(valid_from__lt=row.valid_to)
    other = others.select_related("account", "group").order_by("valid_from").first()
    if other is not None:
        words = {"start": str(other.valid_from), "end": str(other.valid_to or "further notice")}
        raise MembershipOverlaps(account=str(other.account), group=str(other.group), **words)
