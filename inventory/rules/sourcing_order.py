"""From a demand and its surroundings to the sites it is served from, and why: what reserve, allocation and previews use.

Lines of one document that go to one place are planned together; lines without a rule keep the general order of sites.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.explain import Explanation, Loser
from core.quantity import plain
from inventory.rules.consolidation import coming, is_coming, join_inbound
from inventory.rules.network import ANYWHERE, Destination, Network
from inventory.rules.promise import Peg, SiteTimes, dates_for, earliest_ship_date, is_past_cutoff, ship_date_after
from inventory.rules.sourcing import GENERAL_KINDS, Supply
from inventory.rules.sourcing_plan import route, score_of, source
from inventory.rules.sourcing_problem import Ask, Limits, Offer, Origin, Problem, Reach, Sourced
from inventory.rules.sourcing_rules import Rule, Scope, most_specific
from inventory.rules.sourcing_words import day_in_words
from inventory.states import Fulfilment, Hardness

ZERO, HUNDRED = Decimal(0), Decimal(100)
NOWHERE = (0,)  # the route of a line that no site may serve: no site has this id, and no route at all would be any site


@dataclass(frozen=True)
class Want:
    """A line to be sourced: `qty` of `ordered` base units are not served yet. `document` groups the lines of an order."""

    key: int
    document: tuple[str, int]
    product_id: int
    qty: Decimal
    ordered: Decimal
    requested_date: date
    account_id: int | None = None
    place: Destination = ANYWHERE
    min_shelf_life_days: int = 0
    weight_kg: Decimal = ZERO
    fulfilment: str = Fulfilment.ORDER
    ship_complete: str = ""  # what its own document says; empty: what the rule, then the account says


@dataclass(frozen=True)
class Terms:
    """How an account takes its orders. Percents are 0 to 100; `ship_complete` is none, line or order."""

    ship_complete: str = "none"
    min_line_percent: Decimal = ZERO
    min_order_percent: Decimal = ZERO
    max_shipments: int | None = None


@dataclass(frozen=True)
class Place:
    """A site as a candidate. `lines_waiting` are the lines it has to ship already."""

    site_id: int
    code: str
    kind: str
    name: str = ""
    rank: int = 100
    lines_per_day: int | None = None
    lines_waiting: int = 0

    @property
    def is_full(self) -> bool:
        return self.lines_per_day is not None and self.lines_waiting >= self.lines_per_day


@dataclass(frozen=True)
class Surroundings:
    """`free`: unclaimed stock; `room` caps what an account may take of it: {(account, product, site): base units}."""

    rules: Sequence[Rule]
    places: Mapping[int, Place]
    network: Network
    free: Sequence[Supply]
    shelves: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    terms: Mapping[int | None, Terms] = field(default_factory=dict)
    room: Mapping[tuple[int | None, int, int], Decimal] = field(default_factory=dict)
    coming: Mapping[int, Sequence[Peg]] = field(default_factory=dict)  # {product: supply nobody is promised}
    in_use: Mapping[tuple[str, int], frozenset[int]] = field(
        default_factory=dict
    )  # {document: sites it ships from already}


@dataclass(frozen=True)
class Routed:
    """Where a line is served from: `takes` is what the plan takes ((site, qty), …), with what it waits for on its way
    there; `route` the sites in turn; `stock` what it takes of what is there ((balance, site, qty), …)."""

    key: int
    rule_id: int
    route: tuple[int, ...]
    takes: tuple[tuple[int, Decimal], ...]
    explanation: Explanation
    is_waiting: bool = False
    stock: tuple[tuple[int, int, Decimal], ...] = ()


@dataclass(frozen=True)
class _Line:
    want: Want
    rule: Rule
    sites: tuple[Place, ...]
    barred: tuple[tuple[str, str], ...]  # (site, why) of those a hard constraint keeps out
    soft: Mapping[int, tuple[str, ...]]
    dates: Mapping[int, date]
    due: date


def plan_orders(wants: Iterable[Want], around: Surroundings, *, now: datetime) -> dict[int, Routed]:
    """{line key: its route} of the lines a rule decides; the others are absent. Orders are planned one after the other,
    what one takes is gone for the next, of stock and of what is on its way."""
    groups: dict[tuple[tuple[str, int], Destination], list[_Line]] = defaultdict(list)
    for want in wants:
        if line := _line(want, around, now):
            groups[want.document, want.place].append(line)
    left = {s.balance_id: s.qty for s in around.free}
    left |= {coming(p.inbound_id, 0, 0, p.qty).offer_id: p.qty for pegs in around.coming.values() for p in pegs}
    found: dict[int, Routed] = {}
    for lines in groups.values():
        found |= _plan_one(lines, around, left)
    return found


# --- who may serve a line ---------------------------------------------------------------------------------------------


def _line(want: Want, around: Surroundings, now: datetime) -> _Line | None:
    shelves = around.shelves.get(want.product_id, ())
    rule = most_specific(
        around.rules, Scope(want.account_id, want.product_id, shelves, want.place.region, want.fulfilment)
    )
    if rule is None:
        return None
    times = around.network.times_to(want.place)
    named = _named(rule, around.places.values())
    bars = {p.site_id: _bars(rule, p, around, want.place.region, times[p.site_id], now) for p in named}
    barred = {i: why for i, found in bars.items() for how, why in found if how == Hardness.HARD}
    soft = {i: tuple(why for how, why in found if how == Hardness.SOFT) for i, found in bars.items()}
    sites = tuple(p for p in named if p.site_id not in barred)
    dates = {p.site_id: _delivery(times[p.site_id], want, now) for p in sites}
    stocked = {s.site_id for s in around.free if s.product_id == want.product_id and s.qty > 0}
    soonest = min((day for site_id, day in dates.items() if site_id in stocked), default=want.requested_date)
    codes = tuple((around.places[i].code, why) for i, why in barred.items())
    return _Line(want, rule, sites, codes, soft, dates, max(want.requested_date, soonest))


def _named(rule: Rule, places: Iterable[Place]) -> list[Place]:
    """The rule's sites in its order; trunks, consignments and vendors only where it names them."""
    if not rule.sites:
        return sorted((p for p in places if p.kind in GENERAL_KINDS), key=lambda p: (p.rank, p.site_id))
    by_code = {p.code: p for p in places}
    return [by_code[code] for code in rule.sites if code in by_code]


def days_from(site_ids: Iterable[int], want: Want, around: Surroundings, *, now: datetime) -> dict[int, date]:
    """{site: the day the line would arrive from it}, of those that are open, whether a rule names them or not."""
    times = around.network.times_to(want.place)
    return {i: _delivery(times[i], want, now) for i in site_ids if i in around.places}


def _delivery(site: SiteTimes, want: Want, now: datetime) -> date:
    return dates_for(site, earliest=earliest_ship_date(site, now=now), requested=want.requested_date)[1]


def _bars(
    rule: Rule, place: Place, around: Surroundings, region: str, times: SiteTimes, now: datetime
) -> list[tuple[str, str]]:
    """(hard or soft, why) of every constraint the site breaks."""
    found = []
    lane = around.network.lane(place.site_id, region)
    if rule.max_distance_km is not None and lane and (lane.distance_km or 0) > rule.max_distance_km:
        found.append((rule.distance, f"is {lane.distance_km} km away, more than {rule.max_distance_km}"))
    if is_past_cutoff(times, now=now):
        found.append((rule.cutoff, "missed today's cut-off"))
    if place.is_full:
        found.append((rule.capacity, f"has {place.lines_waiting} lines waiting and ships {place.lines_per_day} a day"))
    return [(how, why) for how, why in found if how != Hardness.OFF]


# --- one order --------------------------------------------------------------------------------------------------------


def _plan_one(lines: Sequence[_Line], around: Surroundings, left: dict[int, Decimal]) -> dict[int, Routed]:
    problem = _problem(lines, around, left)
    plan = source(problem)
    if joined := join_inbound(problem, plan, _coming(lines, around, left)):
        problem, plan = joined
    for take in plan.takes:
        left[take.offer_id] -= take.qty
    return {line.want.key: _routed(line, problem, plan, around) for line in lines}


def _coming(lines: Sequence[_Line], around: Surroundings, left: Mapping[int, Decimal]) -> list[Offer]:
    """Supply on its way that still arrives on time for every line of its product, where the rules say to wait for it."""
    found = []
    for product_id in sorted({line.want.product_id for line in lines if line.rule.joins_inbound}):
        mine = [line for line in lines if line.want.product_id == product_id]
        for peg in around.coming.get(product_id, ()):
            offer = coming(peg.inbound_id, peg.site_id, product_id, ZERO)
            if left[offer.offer_id] > 0 and all(_is_in_time(peg, line, around) for line in mine):
                found.append(replace(offer, qty=left[offer.offer_id]))
    return found


def _is_in_time(peg: Peg, line: _Line, around: Surroundings) -> bool:
    if not line.rule.joins_inbound or peg.site_id not in line.dates:
        return False
    site = around.network.times_to(line.want.place)[peg.site_id]
    earliest = ship_date_after(site, peg.day)
    return dates_for(site, earliest=earliest, requested=line.want.requested_date)[1] <= line.due


def _problem(lines: Sequence[_Line], around: Surroundings, left: Mapping[int, Decimal]) -> Problem:
    first = lines[0].want
    terms = around.terms.get(first.account_id, Terms())
    asks = tuple(_ask(line, terms) for line in lines)
    problem = Problem(asks, _offers(lines, around, left), _origins(lines, around), _limits(lines, terms))
    return _beside(around.in_use.get(first.document, frozenset()), problem)


def _beside(in_use: frozenset[int], problem: Problem) -> Problem:
    """What is left of the most shipments, beside the sites the order ships from already; at the most, only those."""
    most = problem.limits.max_shipments
    if most is None or not in_use:
        return problem
    if len(in_use) < most:
        return replace(problem, limits=replace(problem.limits, max_shipments=most - len(in_use)))
    asks = tuple(replace(a, reach={s: r for s, r in a.reach.items() if s in in_use}) for a in problem.asks)
    return replace(problem, asks=asks)


def _ask(line: _Line, terms: Terms) -> Ask:
    want, shelf = line.want, max(line.want.min_shelf_life_days, line.rule.min_shelf_life_days)
    reach = {site_id: Reach(day <= line.due, day + timedelta(days=shelf)) for site_id, day in line.dates.items()}
    complete = _complete(line, terms)
    least = want.qty if complete == "line" else _less_served(want, want.ordered * terms.min_line_percent / HUNDRED)
    return Ask(want.key, want.product_id, want.qty, reach, least, want.weight_kg)


def _complete(line: _Line, terms: Terms) -> str:
    """Who ordered knows best: the order's own wish, then what the rule says, then how the account takes its orders."""
    return line.want.ship_complete or line.rule.ship_complete or terms.ship_complete


def _less_served(want: Want, minimum: Decimal) -> Decimal:
    """What of the minimum is still missing, for a line that is served in part."""
    return max(ZERO, minimum - (want.ordered - want.qty))


def _limits(lines: Sequence[_Line], terms: Terms) -> Limits:
    caps = [line.rule.max_shipments for line in lines] + [terms.max_shipments]
    wanted = sum((line.want.qty for line in lines), ZERO)
    ordered = sum((line.want.ordered for line in lines), ZERO)
    if any(_complete(line, terms) == "order" for line in lines):
        least = wanted
    else:
        least = max(ZERO, ordered * terms.min_order_percent / HUNDRED - (ordered - wanted))
    return Limits(min((cap for cap in caps if cap is not None), default=None), least)


def _offers(lines: Sequence[_Line], around: Surroundings, left: Mapping[int, Decimal]) -> tuple[Offer, ...]:
    """Free stock, less what is kept from the account: the earliest expiry is what it may have."""
    account_id = lines[0].want.account_id
    sites = {p.site_id for line in lines for p in line.sites}
    products = {line.want.product_id for line in lines}
    room = {(p, s): around.room[account_id, p, s] for p in products for s in sites if (account_id, p, s) in around.room}
    offers = []
    for supply in sorted(around.free, key=lambda s: (s.expiry_date or date.max, s.balance_id)):
        if supply.product_id not in products or supply.site_id not in sites:
            continue
        key = supply.product_id, supply.site_id
        qty = min(left[supply.balance_id], room.get(key, left[supply.balance_id]))
        if key in room:
            room[key] -= qty
        if qty > 0:
            offers.append(Offer(supply.balance_id, supply.site_id, supply.product_id, qty, supply.expiry_date))
    return tuple(offers)


def _origins(lines: Sequence[_Line], around: Surroundings) -> tuple[Origin, ...]:
    region = lines[0].want.place.region
    ranks: dict[int, int] = {}
    for line in lines:
        for n, place in enumerate(line.sites):
            ranks[place.site_id] = min(n, ranks.get(place.site_id, n))
    return tuple(_origin(around.places[site_id], rank, region, lines, around) for site_id, rank in ranks.items())


def _origin(place: Place, rank: int, region: str, lines: Sequence[_Line], around: Surroundings) -> Origin:
    lane = around.network.lane(place.site_id, region)
    breaches = tuple(sorted({why for line in lines for why in line.soft.get(place.site_id, ())}))
    if lane is None:
        return Origin(place.site_id, place.code, rank, breaches=breaches)
    return Origin(
        place.site_id, place.code, rank, lane.cost_per_shipment, lane.cost_per_kg, lane.cost_per_unit,
        lane.distance_km or 0, breaches,
    )  # fmt: skip


# --- why --------------------------------------------------------------------------------------------------------------


def _routed(line: _Line, problem: Problem, plan: Sourced, around: Surroundings) -> Routed:
    key = line.want.key
    takes: dict[int, Decimal] = defaultdict(Decimal)
    mine = [t for t in plan.takes if t.key == key]
    waits_for = sum((t.qty for t in mine if is_coming(t)), ZERO)
    for take in mine:
        takes[take.site_id] += take.qty
    is_waiting = key in plan.waiting
    why = Explanation(
        f"sourcing rule {line.rule.name}",
        _outcome(line, takes, around, is_waiting=is_waiting),
        _inputs(line, plan, takes, around) | ({"on_its_way": plain(waits_for)} if waits_for else {}),
        tuple(_losers(line, problem, plan, takes, around)),
    )
    # Who waits for supply on its way is served from nowhere else, or the shipment it saves would be made after all.
    turn = tuple(takes) if waits_for else route(problem, plan, key) or NOWHERE
    stock = tuple((t.offer_id, t.site_id, t.qty) for t in mine if not is_coming(t))
    return Routed(key, line.rule.rule_id, turn, tuple(takes.items()), why, is_waiting, stock)


def _outcome(line: _Line, takes: Mapping[int, Decimal], around: Surroundings, *, is_waiting: bool) -> str:
    wanted = plain(line.want.qty)
    if is_waiting:
        return f"all {wanted} wait: less than the least that may ship is there"
    if not takes:
        return f"no candidate has stock for the {wanted}"
    parts = ", ".join(f"{plain(qty)} from {around.places[i].code}" for i, qty in takes.items())
    short = line.want.qty - sum(takes.values(), ZERO)
    return parts if short <= 0 else f"{parts}, {plain(short)} not there yet"


def _inputs(line: _Line, plan: Sourced, takes: Mapping[int, Decimal], around: Surroundings) -> dict[str, object]:
    found: dict[str, object] = {"wanted": line.want.requested_date.isoformat(), "shipments": plan.score.shipments}
    if plan.score.cost:
        found["freight_and_handling"] = plain(plan.score.cost)
    broken = [f"{around.places[i].code} {why}" for i in takes for why in line.soft.get(i, ())]
    return found | ({"although": "; ".join(broken)} if broken else {})


def _losers(
    line: _Line, problem: Problem, plan: Sourced, takes: Mapping[int, Decimal], around: Surroundings
) -> Iterable[Loser]:
    yield from (Loser(code, why) for code, why in line.barred)
    stocked = {o.site_id for o in problem.offers if o.product_id == line.want.product_id}
    for place in line.sites:
        if place.site_id in takes:
            continue
        if place.site_id not in stocked:
            yield Loser(place.code, "has no stock that is free")
        elif line.dates[place.site_id] > line.due:
            yield Loser(
                place.code,
                f"would arrive on {day_in_words(line.dates[place.site_id])}, not by {day_in_words(line.due)}",
            )
        else:
            yield Loser(place.code, _beaten(line, place.site_id, problem, plan))


_WORSE = (
    "brings less on time", "brings less in all", "breaks a soft constraint of the rule",
    "needs {theirs} shipments instead of {ours}", "costs {theirs} instead of {ours}", "lets later expiries out first",
    "is farther", "comes later in the rule",
)  # fmt: skip


def _beaten(line: _Line, site_id: int, problem: Problem, plan: Sourced) -> str:
    """How the plan with this site in place of the line's own loses to the plan: the first objective that is worse."""
    others = {t.site_id for t in plan.takes if t.key != line.want.key}
    shipments = len(others | {site_id})
    if shipments > plan.score.shipments:
        return _WORSE[3].format(theirs=shipments, ours=plan.score.shipments)
    instead = score_of(problem, others | {site_id})
    for n, words in enumerate(_WORSE):
        if instead[n] != plan.score[n]:
            return words.format(theirs=_figure(instead[n]), ours=_figure(plan.score[n]))
    return "is as good; the order ships from elsewhere anyway"


def _figure(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
