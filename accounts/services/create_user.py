"""Let somebody in: staff by an operator, buyers by their company's administrator."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import make_password

from accounts.models import User
from accounts.rules.checks import person_problems
from accounts.services.set_password import password_problems
from accounts.services.set_roles import refuse_roles
from accounts.states import STAFF
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class EmailTaken(Refused):
    template = "Somebody signs in with this e-mail address already."
    remedy_template = "Give that person the role instead."


@door_verb(refuse_on={"one_user_per_email": EmailTaken, "accounts_user_username_key": EmailTaken})
def create_user(
    *,
    email: str,
    roles: Iterable[str] = (),
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
    username: str = "",
    is_staff: bool | None = None,
    time_zone: str = "UTC",
    reports_to_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """The new user's id. Without a password they cannot sign in until one is set. `is_staff` opens the console; it
    follows the roles when not given.

    Raises InvalidInput, EmailTaken, NotPermitted (see set_roles).
    """
    wanted = sorted(set(roles))
    refuse_roles(before=(), after=wanted, user_id=None, actor=actor)
    user = User(
        username=username.strip() or email.strip().lower(),
        email=email.strip().lower(),
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        roles=wanted,
        is_staff=bool(STAFF.intersection(wanted)) if is_staff is None else is_staff,
        time_zone=time_zone,
        reports_to_id=reports_to_id,
        date_joined=now,
    )
    problems = person_problems(email=email, time_zone=time_zone, roles=wanted)
    if password is not None:
        problems += password_problems(password, user)
    if problems:
        raise InvalidInput(problems)
    user.password = make_password(password)
    user.save(force_insert=True)
    made = f"user {user.email} created" + (f" with {', '.join(wanted)}" if wanted else "")
    journal.write([journal.Entry(DocumentRef("user", user.pk, user.email), "created", made)], actor=actor, now=now)
    return user.pk
