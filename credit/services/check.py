"""Decide under the accounts' row locks whether more may be owed. Held is an answer, not an error."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from accounts import queries as accounts
from core.uow import require_uow
from credit import queries
from credit.locks import lock_credit_accounts
from credit.models import CreditAccount
from credit.rules.asks import CreditAsk, CreditDecision
from credit.rules.decide import Standing, decide
from credit.states import CheckPoint


@require_uow
def check(asks: Sequence[CreditAsk], *, point: CheckPoint, now: datetime) -> list[CreditDecision]:
    """A decision per ask, in the order asked; what one approved ask takes is gone for the next.

    Without a credit account: held, rule "no_credit_account". Locks rank 10; a constant number of statements.
    Approving does not post: the caller posts what it decides to owe, under the same locks.
    """
    asks = list(asks)
    today = now.date()
    rows = lock_credit_accounts(ask.account_id for ask in asks)
    terms = queries.terms_by_code({ask.terms_code for ask in asks} - {""} - {row.terms.code for row in rows})
    terms |= {row.terms.code: queries.terms_of_row(row.terms) for row in rows}
    standings = {standing.account_id: standing for standing in _standings(rows, now=now)}
    return decide(asks, standings, terms, point=point, today=today)


def _standings(rows: Sequence[CreditAccount], *, now: datetime) -> Iterable[Standing]:
    if not rows:
        return
    today = now.date()
    dated = queries.dated_parts([row.pk for row in rows], on=today)
    snapshots = accounts.account_snapshots([row.account_id for row in rows], on=today)
    for row in rows:
        part = dated[row.pk]
        yield Standing(
            account_id=row.account_id,
            currency=row.currency,
            limits=queries.limits_of(row),
            parts=queries.parts_of(row, part.open_orders),
            terms=queries.terms_of_row(row.terms),
            horizon_end=today + timedelta(days=row.horizon_days),
            overdue=part.overdue,
            overdue_days_allowed=row.overdue_days_allowed,
            overdue_amount_max=row.overdue_amount_max,
            order_value_max=row.order_value_max,
            account_status=str(snapshots[row.account_id].status),
            check_at_release=row.check_at_release,
        )
