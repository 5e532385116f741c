"""Change who somebody is, what they may do, and whether they may come in."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from accounts.queries import managers_above
from accounts.rules.checks import person_problems
from accounts.services.create_user import EmailTaken
from accounts.services.set_roles import OwnRoles, refuse_roles, write_roles
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound, Refused
from core.refs import DocumentRef
from core.uow import door_verb

_FIELDS = ("email", "first_name", "last_name", "is_staff", "is_active", "time_zone", "reports_to_id")


class RingOfManagers(Refused):
    template = "Nobody reports to themselves, also not by way of others: {path}."
    remedy_template = "Choose a manager who does not report to this person."


@door_verb(
    refuse_on={
        "one_user_per_email": EmailTaken,
        "no_ring_of_managers": RingOfManagers,
        "nobody_reports_to_themselves": RingOfManagers,
    }
)
def change_user(
    *,
    user_id: int,
    email: str,
    first_name: str,
    last_name: str,
    roles: Iterable[str],
    is_staff: bool,
    is_active: bool,
    time_zone: str,
    reports_to_id: int | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Raises NotFound, InvalidInput, EmailTaken, RingOfManagers, OwnRoles (also for locking oneself out),
    NotPermitted."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(kind="user", ident=user_id)
    wanted = sorted(set(roles))
    if problems := person_problems(email=email, time_zone=time_zone, roles=wanted):
        raise InvalidInput(problems)
    if actor.user_id == user_id and (is_staff, is_active) != (user.is_staff, user.is_active):
        raise OwnRoles
    _refuse_ring(user, reports_to_id)
    refuse_roles(before=user.roles, after=wanted, user_id=user_id, actor=actor)
    before = {name: getattr(user, name) for name in _FIELDS}
    address = email.strip().lower()
    values = (address, first_name, last_name, is_staff, is_active, time_zone, reports_to_id)
    after = dict(zip(_FIELDS, values, strict=True))
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    if changed:
        User.objects.filter(pk=user_id).update(**{name: after[name] for name in changed})
        ref = DocumentRef("user", user_id, address)
        entry = journal.Entry(ref, "changed", f"user {address} changed", {"changed": changed})
        journal.write([entry], actor=actor, now=now)
    write_roles(user, wanted, actor=actor, now=now)


def _refuse_ring(user: User, reports_to_id: int | None) -> None:
    above = [] if reports_to_id is None else managers_above(reports_to_id)
    if user.pk in above:
        path = [user.pk, *above[: above.index(user.pk) + 1]]
        people = User.objects.in_bulk(path)
        raise RingOfManagers(path=" → ".join(str(people[pk]) for pk in path))
