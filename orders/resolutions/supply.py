"""What else could be sent, and from where: substitutes, sites that have some, deliveries that could come sooner."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from accounts.states import Role
from core.actors import Actor
from core.choices import counted
from core.clock import company_day
from core.money import round_amount
from core.overrides import Reason
from core.quantity import plain
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.suggestions import Family, Resolution, register
from inventory.arrival_queries import arrival_days
from inventory.exception_kinds import PROMISE_LOST, PROMISE_MOVED
from inventory.queries import availability, open_inbound
from inventory.rules.asks import AvailabilityQuery, InboundSpec, OpenInbound, SiteAvailability
from inventory.services.record_inbound import record_inbounds
from inventory.services.serve_from import serve_from
from inventory.states import InboundKind
from orders.exception_kinds import AGED_BACKORDER, CANCEL_DATE_AT_RISK
from orders.lateness import behind, with_part
from orders.resolutions.goods import DEALERS, demands_of, waiting_lines
from orders.resolutions.holds import SELLERS
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.take_substitute import take_substitute
from orders.substitutes import SubstituteOffer, substitute_offers

ZERO = Decimal(0)
MOST = 3  # of a family
BUYERS = frozenset({Role.PLANNER, Role.CS, Role.CS_LEAD})
EXPEDITED = timedelta(days=2)
ASK_FIRST = "The customer is asked before it is sent instead: take it on the order's page, with their word."


def substitutes(case: CaseSnapshot, now: datetime) -> list[Resolution]:
    """What the catalog names for the first line that waits, what may be taken first."""
    order, waiting = waiting_lines(case)
    if order is None or not waiting:
        return []
    found = substitute_offers(order.order_id, now=now, line_nos=[waiting[0].line_no])
    found.sort(key=lambda offer: (bool(offer.why_not), offer.needs_consent, offer.arrives or date.max))
    asked = waiting[0].requested_date or order.requested_date
    return [_substitute(case.kind, offer, order, asked) for offer in found[:MOST]]


def _substitute(kind: str, offer: SubstituteOffer, order: OrderPicture, asked: date | None) -> Resolution:
    effect = _effect_of(offer, order, asked)
    take = partial(_take, offer=offer)
    return Resolution(
        kind, f"substitute:{offer.product_id}", f"Substitute {offer.sku}", lambda case, now: effect, take, SELLERS
    )


def _effect_of(offer: SubstituteOffer, order: OrderPicture, asked: date | None) -> Effect:
    """ "40 of NL-4472: keeps 28 Nov, −41.00 USD margin"."""
    if offer.why_not or offer.needs_consent:
        return Effect(f"{plain(offer.qty)} of {offer.sku}", is_possible=False, why_not=offer.why_not or ASK_FIRST)
    late = max((offer.arrives - asked).days, 0) if offer.arrives and asked else 0
    when = "without a date" if offer.arrives is None else f"{'keeps' if not late else 'on'} {_day(offer.arrives)}"
    known = offer.margin_change is not None
    money = offer.margin_change if offer.margin_change is not None else offer.difference
    what = "margin" if known else "on the order, margin unknown"
    text = f"{plain(offer.qty)} of {offer.sku} for {plain(offer.replaces)}: {when}, {money:+,} {order.currency} {what}"
    return Effect(text, money, days_late=late if offer.arrives else NEVER)


def _take(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str, offer: SubstituteOffer) -> Any:
    return take_substitute(
        order_id=case.subject.id,
        line_no=offer.line_no,
        product_id=offer.product_id,
        consent=_why(case),
        is_customer=False,
        actor=actor,
        now=now,
    )


def sites(case: CaseSnapshot, now: datetime) -> list[Resolution]:
    """Each site that has some of what the first waiting line misses, the one with most first. Three statements."""
    order, waiting = waiting_lines(case)
    line = next((x for x in waiting if x.product_id is not None), None)
    if order is None or line is None or line.demand is None or line.product_id is None:
        return []
    there = availability(AvailabilityQuery((line.product_id,), order.account_id, company_day(now))).get(line.product_id)
    having = [s for s in (there.sites if there else ()) if s.available > ZERO]
    having.sort(key=lambda s: (-s.available, s.site_code))
    days = arrival_days([line.demand.demand_id], now=now)[line.demand.demand_id] if having else {}
    return [_site(case.kind, s, line, order, days[s.site_id]) for s in having[:MOST]]


def _site(kind: str, site: SiteAvailability, line: LinePicture, order: OrderPicture, day: date) -> Resolution:
    assert line.demand is not None
    code, missing = site.site_code, line.demand.backordered
    found = min(site.available, missing)
    late = behind(order, [line], with_part(line, found, day))
    worth = round_amount(line.amount * found / line.qty, order.currency)
    rest = f"; {plain(missing - found)} still wait{'s' if missing - found == 1 else ''}" if found < missing else ""
    effect = Effect(f"{plain(found)} of {plain(missing)} come from {code}{rest}", worth, days_late=late)
    return Resolution(
        kind,
        f"site:{site.site_id}",
        f"Reallocate from {code}",
        lambda case, now: effect,
        partial(_serve, demand_id=line.demand.demand_id, site_id=site.site_id),
        DEALERS,
    )


def _serve(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str, demand_id: int, site_id: int) -> Any:
    return serve_from(
        demand_id=demand_id,
        site_id=site_id,
        reason=Reason("case", _why(case)),
        trigger_key=f"case {case.number} {key}"[:80],
        actor=actor,
        now=now,
    )


def deliveries(case: CaseSnapshot, now: datetime) -> list[Resolution]:
    """Each purchase of the first waiting product that could come in two days instead of later."""
    order, waiting = waiting_lines(case)
    soon = company_day(now) + EXPEDITED
    wanted = [x.product_id for x in waiting if x.product_id is not None][:1]
    late = [i for i in open_inbound(product_ids=wanted) if i.eta_date > soon and i.kind == InboundKind.PURCHASE]
    late.sort(key=lambda i: (i.eta_date, i.inbound_id))
    if order is None or not late:
        return []
    (demand_id,) = demands_of(waiting[:1])
    there = arrival_days([demand_id], now=now, landing={i.site_id: soon for i in late[:MOST]})[demand_id]
    return [_delivery(case.kind, supply, waiting[0], order, soon, there[supply.site_id]) for supply in late[:MOST]]


def _delivery(
    kind: str, supply: OpenInbound, line: LinePicture, order: OrderPicture, soon: date, day: date
) -> Resolution:
    assert line.demand is not None
    covers = min(supply.open_qty, line.demand.backordered)
    text = (
        f"{plain(supply.open_qty)} of {supply.reference} on {_day(soon)} instead of {_day(supply.eta_date)}: "
        f"{plain(covers)} of them are missing here, {counted((supply.eta_date - soon).days, 'day')} sooner; "
        "who waits gets new dates from it"
    )
    effect = Effect(text, days_late=behind(order, [line], with_part(line, covers, day)))
    return Resolution(
        kind,
        f"expedite:{supply.inbound_id}",
        f"Expedite {supply.reference}",
        lambda case, now: effect,
        partial(_expedite, supply=supply),
        BUYERS,
    )


def _expedite(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str, supply: OpenInbound) -> Any:
    spec = InboundSpec(
        supply.product_id,
        supply.site_id,
        supply.reference,
        supply.ordered_qty,
        company_day(now) + EXPEDITED,
        supply.confidence_percent,
        supply.kind,
    )
    return record_inbounds([spec], actor=actor, now=now)


def _why(case: CaseSnapshot) -> str:
    return f"Decided on case {case.number}: {case.summary}"[:300]


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"


FAMILIES: Sequence[tuple[str, Any]] = (("substitute", substitutes), ("site", sites), ("expedite", deliveries))
for waits in (PROMISE_MOVED.code, PROMISE_LOST.code, AGED_BACKORDER, CANCEL_DATE_AT_RISK):
    register(*(Family(waits, code, members) for code, members in FAMILIES))
