"""Loads what the gates look at, a batch for all orders, and asks each gate. Reads only; no locks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from accounts import queries as accounts
from accounts.approval_queries import approved_parts
from accounts.rules.asks import AccountSnapshot, ShipToSnapshot
from catalog import queries as catalog
from catalog.rules.asks import EligibilityItem, Violation
from core.clock import company_day
from core.refs import DocumentRef
from credit import queries as credit
from credit.rules.asks import CreditAsk, CreditDecision
from credit.states import CheckPoint
from inventory.ready_queries import ready_stock, site_loads
from inventory.rules.ready import ReadyStock, SiteLoad
from orders.allowed_queries import allowed_rules
from orders.queries import credit_held_pictures, pictures
from orders.rules import gates as rules
from orders.rules import leaving
from orders.rules.asks import GateResult
from orders.rules.capture import Surroundings
from orders.rules.content import APPROVAL_KIND, content_hash
from orders.rules.credit_queue import asks_at_release
from orders.rules.exposure import by_ship_date, ship_date_of, unreleased
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.releasable import releasable
from orders.rules.repricing import OVERRIDE, PRICE_APPROVAL
from orders.rules.worth import per_unit
from orders.states import Gate
from pricing import queries as pricing
from pricing.rules.asks import PriceAsk, PriceResult
from pricing.rules.terms import agreed_terms
from pricing.states import PriceLevel

ZERO = Decimal(0)
MANY = 10_000
READY_GATES = {Gate.ALLOCATION, Gate.DELIVERY_WINDOW, Gate.CAPACITY}
ENTRY_GATES = (Gate.ELIGIBILITY, Gate.DATA, Gate.PRICE, Gate.APPROVAL)


@dataclass(frozen=True)
class Evidence:
    """What the gates look at, by order or account id. Only what the asked gates need is loaded."""

    accounts: Mapping[int, AccountSnapshot]
    ship_tos: Mapping[int, ShipToSnapshot] = field(default_factory=dict)
    violations: Mapping[int, Mapping[int, Sequence[Violation]]] = field(default_factory=dict)
    pending: Mapping[int, Sequence[str]] = field(default_factory=dict)
    approved_prices: Mapping[int, frozenset[str]] = field(default_factory=dict)
    credit: Mapping[int, CreditDecision] = field(default_factory=dict)
    ready: Mapping[int, Sequence[ReadyStock]] = field(default_factory=dict)  # by demand
    loads: Mapping[int, SiteLoad] = field(default_factory=dict)  # by site, of those with a limit
    among: Mapping[int, frozenset[int]] = field(default_factory=dict)  # lines that go first, where not all are to go


@dataclass(frozen=True)
class Verdicts:
    """An order priced and judged by gates 1 to 4: nothing is locked or written for it yet."""

    order: OrderPicture
    account: AccountSnapshot
    prices: dict[int, PriceResult]
    results: tuple[GateResult, ...]
    today: date


def evaluate_gates(order_ids: Iterable[int], gates: Collection[Gate], *, now: datetime) -> dict[int, list[GateResult]]:
    """What each gate says of each order, in the gates' order. A constant number of statements for any number of orders.

    Credit is read without a lock here; submit and release decide it again under the account's row lock.
    """
    orders = pictures(order_ids)
    evidence = gather(orders.values(), gates, now=now)
    if Gate.CREDIT in gates:
        evidence = replace(evidence, credit=credit_views(orders.values(), now=now))
    if Gate.CAPACITY in gates:
        evidence = replace(evidence, loads=site_loads(sites_of(evidence.ready), now=now))
    return {i: judge(order, evidence, gates, now=now) for i, order in orders.items()}


def look_at(order: OrderPicture, *, now: datetime, around: Surroundings | None = None) -> Verdicts:
    """Prices and gates 1 to 4, whatever they say. What `around` holds already is not read again."""
    ship_tos = around.ship_tos if around else {}
    if order.ship_to_id is None:
        ship_tos = {s.id: s for s in accounts.ship_tos_of(order.account_id)}
        order = replace(order, ship_to_id=default_ship_to(ship_tos.values()))
    if around is None:
        evidence = gather([order], ENTRY_GATES, now=now)
    else:
        evidence = Evidence(around.accounts, ship_tos, violations_of([order], around.accounts, now=now))
    account = evidence.accounts[order.account_id]
    today = local_day(now, account)
    priced_order, prices = priced(order, on=today)
    results = judge(priced_order, evidence, ENTRY_GATES, now=now)
    return Verdicts(with_contract_terms(priced_order, prices), account, prices, tuple(results), today)


def look_at_many(orders: Sequence[OrderPicture], *, now: datetime) -> list[Verdicts]:
    """Prices and gates 1 to 4 of each, in the order given: the same statements for one order and for hundreds."""
    homeless = {o.account_id for o in orders if o.ship_to_id is None}
    homes = (
        {i: default_ship_to(places) for i, places in accounts.ship_tos_of_many(homeless).items()} if homeless else {}
    )
    placed = [replace(o, ship_to_id=homes.get(o.account_id)) if o.ship_to_id is None else o for o in orders]
    evidence = gather(placed, ENTRY_GATES, now=now)
    days = [local_day(now, evidence.accounts.get(o.account_id)) for o in placed]
    found = []
    for (order, prices), day in zip(_priced_many(placed, evidence, days), days, strict=True):
        results = tuple(judge(order, evidence, ENTRY_GATES, now=now))
        order = with_contract_terms(order, prices)
        found.append(Verdicts(order, evidence.accounts[order.account_id], prices, results, day))
    return found


def _priced_many(
    orders: Sequence[OrderPicture], evidence: Evidence, days: Sequence[date]
) -> list[tuple[OrderPicture, dict[int, PriceResult]]]:
    baskets = [
        pricing.Basket(evidence.accounts[o.account_id], o.currency, day, _asks(o), o.meta.get("beside", ZERO))
        for o, day in zip(orders, days, strict=True)
    ]
    return [_with_prices(o, found) for o, found in zip(orders, pricing.price_baskets(baskets), strict=True)]


def gather(orders: Iterable[OrderPicture], gates: Collection[Gate], *, now: datetime) -> Evidence:
    """Everything but credit, which the caller decides with or without a lock."""
    many = list(orders)
    on = company_day(now)
    found = accounts.account_snapshots(sorted({o.account_id for o in many}), on=on)
    evidence = Evidence(found)
    if Gate.DATA in gates:
        evidence = replace(evidence, ship_tos=_ship_tos(many))
    if Gate.ELIGIBILITY in gates:
        evidence = replace(evidence, violations=violations_of(many, found, now=now))
    if Gate.PRICE in gates:
        evidence = replace(evidence, approved_prices=_approved_prices(many))
    if Gate.APPROVAL in gates:
        evidence = replace(evidence, pending=_pending(now))
    if READY_GATES & set(gates):
        ready = ready_stock([x.demand.demand_id for o in many for x in o.lines if x.demand], now=now)
        evidence = replace(evidence, ready=ready)
    return evidence


def judge(order: OrderPicture, evidence: Evidence, gates: Collection[Gate], *, now: datetime) -> list[GateResult]:
    """The gates' results for one order, waivers applied."""
    account = evidence.accounts.get(order.account_id)
    going = going_lines(order, evidence) if READY_GATES & set(gates) else ()
    asked = {
        Gate.ELIGIBILITY: lambda: rules.eligibility(order, account, evidence.violations.get(order.order_id, {})),
        Gate.DATA: lambda: rules.data(order, account, evidence.ship_tos),
        Gate.PRICE: lambda: rules.price(order, evidence.approved_prices.get(order.order_id, frozenset())),
        Gate.APPROVAL: lambda: rules.approval(order, _awaited(order, evidence)),
        Gate.CREDIT: lambda: rules.credit(order, evidence.credit.get(order.order_id)),
        Gate.ALLOCATION: lambda: leaving.allocation(order, going, evidence.ready),
        Gate.SHIP_COMPLETE: lambda: rules.ship_complete(order, account, evidence.among.get(order.order_id)),
        Gate.DELIVERY_WINDOW: lambda: _window(order, account, going, evidence, now),
        Gate.CAPACITY: lambda: leaving.capacity(going, evidence.ready, evidence.loads),
    }
    results = [result for gate in Gate if gate in gates for result in asked[gate]()]
    return rules.after_waivers(order, results, order.total, now)


def _window(
    order: OrderPicture,
    account: AccountSnapshot | None,
    going: Sequence[LinePicture],
    evidence: Evidence,
    now: datetime,
) -> list[GateResult]:
    return leaving.delivery_window(
        order,
        local_day(now, account),
        going=going,
        ready=evidence.ready,
        early_days=account.early_days_allowed if account else None,
        ship_tos=evidence.ship_tos,
        now=now,
    )


def going_lines(order: OrderPicture, evidence: Evidence) -> tuple[LinePicture, ...]:
    """The lines that would go now, of those that are to go first where not all are."""
    among = evidence.among.get(order.order_id)
    chosen = set(releasable(order, evidence.accounts.get(order.account_id), among).line_nos)
    return tuple(line for line in order.lines if line.line_no in chosen)


def sites_of(ready: Mapping[int, Sequence[ReadyStock]]) -> set[int]:
    return {stock.site_id for of_demand in ready.values() for stock in of_demand}


def priced(order: OrderPicture, *, on: date, beside: Decimal = ZERO) -> tuple[OrderPicture, dict[int, PriceResult]]:
    """The order with today's prices on its lines, and the full results by line number. `beside`: what its lines that are
    not among these are worth."""
    asks = _asks(order)
    return _with_prices(
        order,
        pricing.price(asks, account_id=order.account_id, currency=order.currency, on=on, beside=beside) if asks else [],
    )


def with_contract_terms(order: OrderPicture, prices: Mapping[int, PriceResult]) -> OrderPicture:
    """The terms of the contract that prices it, for an order that states none; a submitted order keeps what it has."""
    if order.submitted_on is not None:
        return order
    agreed = agreed_terms(prices.values())
    return replace(order, terms_code=order.terms_code or agreed, meta={**order.meta, "contract_terms_code": agreed})


def _asks(order: OrderPicture) -> list[PriceAsk]:
    return [
        PriceAsk(
            str(x.line_no),
            x.product_id,
            x.qty,
            agreement=x.agreement
            or ((OVERRIDE, x.line_id) if x.price_basis == PriceLevel.OVERRIDE and x.line_id else None),
            unit=x.unit,
            ship_date=x.requested_date or order.requested_date,
        )
        for x in order.lines
        if x.product_id is not None
    ]


def _with_prices(order: OrderPicture, found: Iterable[PriceResult]) -> tuple[OrderPicture, dict[int, PriceResult]]:
    by_line = {int(result.key): result for result in found}
    lines = tuple(_with_price(line, by_line.get(line.line_no)) for line in order.lines)
    return replace(order, lines=lines), by_line


def _with_price(line: LinePicture, result: PriceResult | None) -> LinePicture:
    if result is None or result.unit_price is None:
        return line
    return replace(
        line,
        unit_price=result.unit_price,
        floor=result.floor,
        amount=result.amount,
        price_basis=result.basis,
        unit_tax=per_unit(result.tax, line.qty),
        unit_freight=per_unit(result.freight, line.qty),
    )


def violations_of(
    orders: Iterable[OrderPicture], known: Mapping[int, AccountSnapshot], *, now: datetime
) -> dict[int, dict[int, list[Violation]]]:
    """{order id: {line number: why not}}, each order on its customer's day: the world has at most three at a time.
    What somebody with the authority set aside for the line (orders.services.allow_product), in the quantity it has, is left
    out; that is asked where there is something to set aside."""
    items: dict[date, list[EligibilityItem]] = defaultdict(list)
    many = list(orders)
    for order in many:
        items[local_day(now, known.get(order.account_id))].extend(
            EligibilityItem(f"{order.order_id}:{line.line_no}", order.account_id, line.product_id)
            for line in order.lines
            if line.product_id is not None
        )
    against = [v for day in sorted(items) for v in catalog.check_eligibility(items[day], on=day)]
    if not against:
        return {}
    lines = {f"{order.order_id}:{line.line_no}": line for order in many for line in order.lines}
    allowed = allowed_rules({int(v.key.split(":")[0]) for v in against})
    found: dict[int, dict[int, list[Violation]]] = defaultdict(lambda: defaultdict(list))
    for violation in against:
        order_id, line_no = map(int, violation.key.split(":"))
        line = lines[violation.key]
        most = allowed.get((order_id, line_no, line.product_id or 0), {}).get(violation.rule)
        if most is None or line.standing > most:
            found[order_id][line_no].append(violation)
    return found


def default_ship_to(known: Iterable[ShipToSnapshot]) -> int | None:
    """The account's default address, or its only one."""
    in_use = [s for s in known if s.is_active]
    defaults = [s for s in in_use if s.is_default]
    chosen = defaults or (in_use if len(in_use) == 1 else [])
    return chosen[0].id if chosen else None


def local_day(now: datetime, account: AccountSnapshot | None) -> date:
    """The customer's calendar day: the pricing date, and the earliest ship date."""
    return now.astimezone(ZoneInfo(account.time_zone)).date() if account else company_day(now)


def credit_ask(order: OrderPicture, *, today: date, already_counted: Decimal = ZERO) -> CreditAsk:
    """May the whole order be owed? It ships, for credit, on the earliest of its lines' dates."""
    parts = [
        (ship_date_of(x.requested_date or order.requested_date, today), x.unit_worth.of(x.standing, order.currency))
        for x in order.lines
    ]
    ref = DocumentRef("order", order.order_id, order.number)
    ship_date = min((day for day, _ in parts), default=today)
    return CreditAsk(
        order.account_id,
        ref,
        order.owed,
        order.currency,
        ship_date,
        already_counted,
        order.terms_code,
        terms_are_agreed=order.terms_are_agreed,
        agreed_terms_code=order.contract_terms,
        charges=order.tax + order.freight,
        amounts=tuple(by_ship_date(parts).values()),
    )


def credit_views(orders: Iterable[OrderPicture], *, now: datetime) -> dict[int, CreditDecision]:
    """What credit would say now, by the same rules, without a lock. A submitted order is in the exposure already, with
    what waits behind it; a draft is not."""
    many = list(orders)
    drafts = [o for o in many if o.submitted_on is None]
    taken = [o for o in many if o.submitted_on is not None]
    asks = [credit_ask(o, today=company_day(now)) for o in drafts]
    found = credit.outlook(asks, point=CheckPoint.ENTRY, now=now) if asks else []
    if taken:
        waiting = {o.order_id: [x for x in o.lines if x.demand and unreleased(x.demand) > 0] for o in taken}
        asks = asks_at_release(taken, waiting, credit_held_pictures({o.account_id for o in taken}))
        found += credit.outlook(asks, point=CheckPoint.RELEASE, now=now) if asks else []
    return {d.doc.id: d for d in found}


def _pending(now: datetime) -> dict[int, list[str]]:
    """{order id: content hashes} of the approvals of orders that wait for a decision. One statement."""
    found: dict[int, list[str]] = defaultdict(list)
    for request in accounts.pending_approvals(now=now, kinds=[APPROVAL_KIND], limit=MANY):
        if request.subject.kind == "order":
            found[request.subject.id].append(request.content_hash)
    return found


def _approved_prices(orders: Iterable[OrderPicture]) -> dict[int, frozenset[str]]:
    """{order id: hashes of lines at a price somebody approved}. No statement where no line is overridden, else one."""
    ids = [o.order_id for o in orders if any(x.price_basis == PriceLevel.OVERRIDE for x in o.lines)]
    return approved_parts(PRICE_APPROVAL, "order", ids) if ids else {}


def _awaited(order: OrderPicture, evidence: Evidence) -> list[str]:
    """An approval of something else than the order as it is now holds nothing."""
    hashes = evidence.pending.get(order.order_id, ())
    return ["the order as it stands"] if hashes and content_hash(order) in hashes else []


def _ship_tos(orders: Iterable[OrderPicture]) -> dict[int, ShipToSnapshot]:
    ids = {o.ship_to_id for o in orders} | {x.ship_to_id for o in orders for x in o.lines}
    wanted = sorted(i for i in ids if i is not None)
    return dict(accounts.ship_to_snapshots(wanted)) if wanted else {}
