"""Keep an account from the console: everything but its status, which has a verb of its own."""

from collections.abc import Collection
from datetime import datetime

from accounts.models import Account
from accounts.queries import names, parents_above
from core.actors import Actor
from core.errors import Refused
from core.reference import write_reference
from core.uow import door_verb


class RingOfParents(Refused):
    template = "An account cannot stand under itself: {path}."
    remedy_template = "Choose a parent that is not below it."


class AccountCodeTaken(Refused):
    template = "An account has this code already, perhaps in other letters (upper or lower case)."
    remedy_template = "Choose another code, or change that account."


@door_verb(
    refuse_on={
        "one_account_per_code": AccountCodeTaken,
        "no_ring_of_parents": RingOfParents,
        "an_account_is_not_its_own_parent": RingOfParents,
    }
)
def save_account(*, row: Account, actor: Actor, now: datetime, only: Collection[str] | None = None) -> int:
    """The account's id. `only` names the fields to write, as in core.reference. Raises InvalidInput (with every bad
    field), RingOfParents, AccountCodeTaken."""
    _refuse_ring(row)
    write_reference(row=row, actor=actor, now=now, only=only)
    return row.pk


def _refuse_ring(row: Account) -> None:
    if row.pk is None or row.parent_id is None:
        return
    above = parents_above(row.parent_id)
    if row.pk in above:
        path = [row.pk, *above[: above.index(row.pk) + 1]]
        called = names(path)
        raise RingOfParents(path=" → ".join(called[pk] for pk in path))
