"""Decide under the accounts' row locks whether more may be owed. Held is an answer, not an error."""

from collections.abc import Iterable
from datetime import datetime

from core.uow import require_uow
from credit import queries
from credit.locks import lock_credit_accounts
from credit.rules.asks import CreditAsk, CreditDecision
from credit.services.count_at_rates import count_at_rates
from credit.states import CheckPoint


@require_uow
def check(asks: Iterable[CreditAsk], *, point: CheckPoint, now: datetime) -> list[CreditDecision]:
    """A decision per ask, in the order asked; what one approved ask takes is gone for the next.

    Without a credit account: held, rule "no_credit_account". Locks rank 10; a constant number of statements.
    Approving does not post: the caller posts what it decides to owe, under the same locks. Only what waited for a rate
    is counted first, where an ask is in another currency than its account.
    """
    wanted = list(asks)
    rows = lock_credit_accounts(ask.account_id for ask in wanted)
    ours = {row.account_id: row.currency for row in rows}
    abroad = {ask.account_id for ask in wanted if ask.currency != ours.get(ask.account_id, ask.currency)}
    if abroad and count_at_rates(abroad, now=now):
        rows = lock_credit_accounts(ask.account_id for ask in wanted)
    return queries.decided(wanted, rows, point=point, now=now)
