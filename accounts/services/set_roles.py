"""Say what somebody may do."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from accounts.rules.checks import role_problems
from accounts.states import BUYERS, BuyerRole, Role
from core import journal
from core.actors import Actor
from core.errors import InvalidInput, NotFound, NotPermitted, Refused
from core.refs import DocumentRef
from core.uow import door_verb


class BuysForAnotherCompany(Refused):
    status = 403
    template = "Only an administrator of every company this person buys for may change what they may do."
    remedy_template = "Ask an operator."


class OwnRoles(Refused):
    status = 403
    template = "Nobody changes their own roles."
    remedy_template = "Ask another operator."


@door_verb
def set_roles(*, user_id: int, roles: Iterable[str], actor: Actor, now: datetime, reason: str = "") -> None:
    """Replace the roles. Raises NotFound, InvalidInput (unknown role), OwnRoles, NotPermitted (only operators and the
    system give roles; a company's administrator gives buyers')."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(kind="user", ident=user_id)
    wanted = sorted(set(roles))
    if problems := role_problems(wanted):
        raise InvalidInput(problems)
    refuse_roles(before=user.roles, after=wanted, user_id=user_id, actor=actor)
    write_roles(user, wanted, actor=actor, now=now, reason=reason)


def refuse_roles(*, before: Iterable[str], after: Iterable[str], user_id: int | None, actor: Actor) -> None:
    """Raise where the actor may not make this change. Read from the database, not from the actor's session."""
    changed = set(before) ^ set(after)
    if actor.user_id is None or not changed:
        return
    if actor.user_id == user_id:
        raise OwnRoles
    giver = User.objects.filter(pk=actor.user_id, is_active=True).first()
    if giver and (giver.is_superuser or Role.OPERATOR in giver.roles):
        return
    if giver and changed <= BUYERS and (mine := _administered_by(giver)):
        _refuse_beyond(mine, user_id)
        return
    raise NotPermitted(actor=actor.label, verb="give roles", roles=Role.OPERATOR)


def _administered_by(giver: User) -> set[int]:
    return set(giver.buyers.filter(role=BuyerRole.ADMIN, is_active=True).values_list("account_id", flat=True))


def _refuse_beyond(mine: set[int], user_id: int | None) -> None:
    """A role is had everywhere, so one company's administrator must not take it away at another, nor from staff."""
    if user_id is None:
        return
    theirs = set(User.objects.get(pk=user_id).buyers.filter(is_active=True).values_list("account_id", flat=True))
    if not theirs or not theirs <= mine:
        raise BuysForAnotherCompany


def write_roles(user: User, roles: list[str], *, actor: Actor, now: datetime, reason: str = "") -> None:
    before = sorted(user.roles)
    if before == roles:
        return
    user.roles = roles
    user.save(update_fields=["roles"])
    summary = f"roles now: {', '.join(roles) or 'none'}" + (f" ({reason})" if reason else "")
    entry = journal.Entry(DocumentRef("user", user.pk, user.email), "roles_changed", summary, {"was": before})
    journal.write([entry], actor=actor, now=now)
