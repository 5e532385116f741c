"""Say that somebody buys for an account, as what, and how much."""

from datetime import datetime

from accounts.models import Buyer
from core.actors import Actor
from core.errors import Refused
from core.reference import write_reference
from core.uow import door_verb


class BuyerExists(Refused):
    template = "{user} buys for {account} already."
    remedy_template = "Change that buyer's role and limits instead."


@door_verb(refuse_on={"one_buyer_per_user_and_account": BuyerExists})
def save_buyer(*, row: Buyer, actor: Actor, now: datetime) -> int:
    """The buyer's id. Somebody may buy for several accounts, each with limits of its own. Raises InvalidInput,
    BuyerExists."""
    if Buyer.objects.filter(user=row.user_id, account=row.account_id).exclude(pk=row.pk).exists():
        raise BuyerExists(user=str(row.user), account=str(row.account))
    write_reference(row=row, actor=actor, now=now)
    return row.pk
