"""Keep how much a role may approve. Nobody widens what they may approve themselves."""

from datetime import datetime

from accounts.models import AuthorityLimit, User
from core.actors import Actor
from core.errors import Refused
from core.reference import delete_reference, write_reference
from core.uow import door_verb


class OwnAuthority(Refused):
    status = 403
    template = "{actor} has the role {role}: nobody sets their own authority."
    remedy_template = "Ask an operator or finance approver without that role."


@door_verb
def save_authority(*, row: AuthorityLimit, actor: Actor, now: datetime) -> int:
    """The limit's id. Raises InvalidInput, OwnAuthority (by the roles stored now, not the session's)."""
    _refuse_own(row, actor)
    write_reference(row=row, actor=actor, now=now)
    return row.pk


def remove_authority(*, row: AuthorityLimit, actor: Actor, now: datetime) -> None:
    """Raises OwnAuthority."""
    _refuse_own(row, actor)
    delete_reference(row=row, actor=actor, now=now)


def _refuse_own(row: AuthorityLimit, actor: Actor) -> None:
    mine = User.objects.filter(pk=actor.user_id or 0).values_list("roles", flat=True).first() or []
    before = AuthorityLimit.objects.filter(pk=row.pk or 0).values_list("role", flat=True).first()
    for role in (row.role, before):
        if role in mine:
            raise OwnAuthority(actor=actor.label, role=role)
