"""How grave cases are: the rule of their kind over what is known now. Reads only; a constant number of statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from accounts.approval_queries import home_currency
from accounts.queries import account_snapshots
from accounts.rules.asks import NO_TIER_RANK, AccountSnapshot
from core.rates import rates
from exceptions_app import kinds
from exceptions_app.detection import Cause
from exceptions_app.models import SlaPolicy
from exceptions_app.severity import LITTLE, MUCH, Grade, Weighed
from exceptions_app.states import Severity


def accounts_of(causes: Sequence[Cause], *, now: datetime) -> dict[int, AccountSnapshot]:
    """{account_id: what it is}; none asked, no statement."""
    return account_snapshots({c.account_id for c in causes if c.account_id is not None}, on=now.date())


def grades(
    causes: Sequence[Cause],
    known: Mapping[int, AccountSnapshot],
    policies: Sequence[SlaPolicy | None],
    *,
    now: datetime,
) -> list[Grade]:
    """One per cause, in their order, with the policy of each; at most 1 SQL, for the rates of the day. A policy's severity,
    where it names one, stands before the rule's; the rule counts money by the policy's amounts, where it has some."""
    ours = home_currency()
    foreign = {(c.currency, ours) for c in causes if c.money_at_risk and c.currency and c.currency != ours}
    exchange = rates(foreign, on=now.date()) if foreign else {}
    return [
        Grade(Severity(policy.severity), f"{policy.severity}, by the SLA policy")
        if policy and policy.severity
        else _grade(cause, policy, known.get(cause.account_id or 0), exchange, ours)
        for cause, policy in zip(causes, policies, strict=True)
    ]


def _grade(
    cause: Cause,
    policy: SlaPolicy | None,
    account: AccountSnapshot | None,
    exchange: Mapping[tuple[str, str], Decimal],
    ours: str,
) -> Grade:
    kind = kinds.kind(cause.kind)
    rate = Decimal(1) if cause.currency == ours else exchange.get((cause.currency, ours))
    rank = account.tier_rank if account else NO_TIER_RANK
    seen = Weighed(
        at_risk=cause.money_at_risk,
        currency=cause.currency,
        amount=None if rate is None else cause.money_at_risk * rate,
        unit=ours,
        much=MUCH if policy is None or policy.graver_from is None else policy.graver_from,
        little=LITTLE if policy is None or policy.milder_below is None else policy.milder_below,
        tier_rank=None if rank == NO_TIER_RANK else rank,
        evidence=cause.evidence,
    )
    return kind.severity_rule(Severity(kind.severity), seen)
