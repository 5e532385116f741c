"""A contract was changed for days that are over: what its prices would have made of goods that shipped meanwhile. Documents
stay as they are; what to credit or rebill is proposed, and somebody with the authority says yes before it is issued."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts import approvals
from accounts.queries import account_snapshots
from accounts.states import Role
from core import overrides
from core.actors import Actor
from core.clock import company_day
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from orders.repriced import MOST_ORDERS, Difference, differences, differences_hash
from orders.states import REPRICE

ZERO = Decimal(0)
ASK_FOR = timedelta(days=14)
MOST_TOLD = 200  # lines in the request; all of them count in its sums and its hash
WHO = frozenset({Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})


@dataclass(frozen=True)
class Proposal:
    differences: tuple[Difference, ...]
    currency: str
    approval_id: int | None

    @property
    def credit(self) -> Decimal:
        return sum((d.effect for d in self.differences if d.effect < ZERO), Decimal("0.00"))

    @property
    def rebill(self) -> Decimal:
        return sum((d.effect for d in self.differences if d.effect > ZERO), Decimal("0.00"))


@door_verb
def propose_reprice(*, account_id: int, since: date, until: date, reason: str, actor: Actor, now: datetime) -> Proposal:
    """Orders submitted over [since, until) at today's price book for their day, shipped quantities only; quoted and
    overridden prices were agreed and stay. Nothing differs: nothing is asked. The same differences asked twice are one
    request. A constant number of statements per currency and day.

    Raises NotFound, NotPermitted, ReasonTooShort, InvalidInput (an empty or too long period).
    """
    if actor.user_id is not None and not actor.has_role(*WHO):
        raise NotPermitted(actor=actor.label, verb="propose repricing", roles=", ".join(sorted(WHO)))
    if len(reason.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.strip()))
    account = account_snapshots([account_id], on=company_day(now)).get(account_id)
    if account is None:
        raise NotFound(kind="account", ident=account_id)
    if until <= since:
        raise InvalidInput([FieldError("/until", "period", f"{until} is not after {since}.", "Give a later day.")])
    found = differences(account_id, since=since, until=until, now=now)
    if found is None:
        words = f"More than {MOST_ORDERS:,} orders shipped in that time."
        raise InvalidInput([FieldError("/until", "too_many", words, "Propose a shorter period at a time.")])
    currency = account.currency
    if not found:
        return Proposal((), currency, None)
    asked = Proposal(tuple(found), currency, None)
    approval_id = approvals.request(
        kind=REPRICE,
        subject=DocumentRef("account", account_id, account.code),
        content_hash=differences_hash(found),
        amount=asked.credit + asked.rebill,
        currency=currency,
        actor=actor,
        now=now,
        expires_at=now + ASK_FOR,
        reason=reason.strip(),
        account_id=account_id,
        content={
            "since": since,
            "until": until,
            "what": f"{len(found)} shipped lines from {since} until {until}",
            "credit": asked.credit,
            "rebill": asked.rebill,
            "lines": [_told(d) for d in found[:MOST_TOLD]],
        },
    )
    return Proposal(tuple(found), currency, approval_id)


def _told(d: Difference) -> str:
    prices = f"{plain(d.qty)} at {plain(d.now)} instead of {plain(d.was)}"
    return f"{d.order_number} line {d.line_no}, {d.sku}: {prices}, {d.effect:+}"
