"""A contract was changed for days that are over: what its prices would have made of goods that shipped meanwhile. Documents
stay as they are; what to credit or rebill is proposed, and somebody with the authority says yes before it is issued."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts import approvals
from accounts.queries import account_snapshots
from accounts.states import Role
from core import overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, NotPermitted
from core.money import line_amount
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from orders.call_offs import shipped_orders_of
from orders.queries import pictures
from orders.rules.picture import LinePicture, OrderPicture
from pricing import queries as pricing
from pricing.rules.asks import PriceAsk
from pricing.states import PriceLevel

ZERO = Decimal(0)
REPRICE = "reprice"  # accounts.approvals.request(kind=…)
ASK_FOR = timedelta(days=14)
MOST_ORDERS = 2_000
MOST_TOLD = 200  # lines in the request; all of them count in its sums and its hash
WHO = frozenset({Role.PRICING, Role.FINANCE, Role.FINANCE_APPROVER})
AGREED = frozenset({PriceLevel.OVERRIDE, PriceLevel.QUOTE})


@dataclass(frozen=True)
class Difference:
    """A shipped line at its locked price and at today's for its day. `effect` below 0 is to credit, above to rebill."""

    order_number: str
    line_no: int
    sku: str
    qty: Decimal
    was: Decimal
    now: Decimal
    effect: Decimal


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
    account = account_snapshots([account_id], on=now.date()).get(account_id)
    if account is None:
        raise NotFound(kind="account", ident=account_id)
    if until <= since:
        raise InvalidInput([FieldError("/until", "period", f"{until} is not after {since}.", "Give a later day.")])
    ids = shipped_orders_of(account_id, since=since, until=until, limit=MOST_ORDERS + 1)
    if len(ids) > MOST_ORDERS:
        words = f"More than {MOST_ORDERS:,} orders shipped in that time."
        raise InvalidInput([FieldError("/until", "too_many", words, "Propose a shorter period at a time.")])
    found = _differences(list(pictures(ids).values()), now)
    currency = account.currency
    if not found:
        return Proposal((), currency, None)
    asked = Proposal(tuple(found), currency, None)
    approval_id = approvals.request(
        kind=REPRICE,
        subject=DocumentRef("account", account_id, account.code),
        content_hash=_hash(found),
        amount=asked.credit + asked.rebill,
        currency=currency,
        actor=actor,
        now=now,
        expires_at=now + ASK_FOR,
        reason=reason.strip(),
        account_id=account_id,
        content={
            "what": f"{len(found)} shipped lines from {since} until {until}",
            "credit": asked.credit,
            "rebill": asked.rebill,
            "lines": [_told(d) for d in found[:MOST_TOLD]],
        },
    )
    return Proposal(tuple(found), currency, approval_id)


def _differences(orders: Sequence[OrderPicture], now: datetime) -> list[Difference]:
    days = {o.order_id: o.submitted_on or now.date() for o in orders}
    snapshots = {
        day: account_snapshots({o.account_id for o in orders if days[o.order_id] == day}, on=day)
        for day in sorted(set(days.values()))
    }
    baskets = [
        pricing.Basket(snapshots[days[o.order_id]][o.account_id], o.currency, days[o.order_id], _asks(o))
        for o in orders
    ]
    found = []
    for order, results in zip(orders, pricing.price_baskets(baskets), strict=True):
        new = {int(r.key): r.unit_price for r in results if r.unit_price is not None}
        found += [d for x in _shipped(order) if (d := _difference(order, x, new.get(x.line_no))) is not None]
    return found


def _shipped(order: OrderPicture) -> list[LinePicture]:
    return [
        x
        for x in order.lines
        if x.product_id is not None and x.demand and x.demand.shipped > ZERO and x.price_basis not in AGREED
    ]


def _asks(order: OrderPicture) -> list[PriceAsk]:
    """All lines, so that breaks of groups are reached as they were; the quantity ordered, as it was priced."""
    return [
        PriceAsk(str(x.line_no), x.product_id, x.qty, unit=x.unit, ship_date=x.requested_date or order.requested_date)
        for x in order.lines
        if x.product_id is not None
    ]


def _difference(order: OrderPicture, line: LinePicture, price: Decimal | None) -> Difference | None:
    if price is None or line.unit_price is None or line.demand is None or price == line.unit_price:
        return None
    qty = line.demand.shipped
    effect = line_amount(qty, price, order.currency) - line_amount(qty, line.unit_price, order.currency)
    return Difference(order.number, line.line_no, line.sku, qty, line.unit_price, price, effect) if effect else None


def _hash(found: Sequence[Difference]) -> str:
    body = [[d.order_number, d.line_no, plain(d.qty), plain(d.was), plain(d.now)] for d in found]
    return hashlib.sha256(json.dumps(body, separators=(",", ":")).encode()).hexdigest()


def _told(d: Difference) -> str:
    prices = f"{plain(d.qty)} at {plain(d.now)} instead of {plain(d.was)}"
    return f"{d.order_number} line {d.line_no}, {d.sku}: {prices}, {d.effect:+}"
