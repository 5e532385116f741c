"""Let a customer owe more for a while, and look at once at what credit held for want of it."""

from datetime import datetime

from core.actors import Actor
from core.overrides import Reason
from core.uow import door_verb
from credit.queries import families_of
from credit.services.grant_addition import AdditionSpec, grant
from credit.services.lock_accounts import lock_accounts
from orders.services.reevaluate_credit_holds import Reevaluated, look_again


@door_verb
def lend_limit(*, account_id: int, addition: AdditionSpec, reason: Reason, actor: Actor, now: datetime) -> Reevaluated:
    """Which orders went on with it, and which credit holds still. In the override log like any addition.

    Locks the credit of the account and of those that share its head's limit (10), then the held orders (20). Raises what
    `credit.grant_addition` raises.
    """
    lock_accounts({i for others in families_of([account_id]).values() for i in others} | {account_id})
    grant(account_id=account_id, addition=addition, reason=reason, actor=actor, now=now)
    return look_again(account_id, actor=actor, now=now)
