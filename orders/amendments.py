"""An amendment looked at before anything is locked or written: compared, priced, and asked about at the gates that what
is new has to pass. The preview and the verb see the same."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from accounts.queries import account_snapshots, ship_to_snapshots
from accounts.rules.asks import AccountSnapshot
from catalog.queries import product_snapshots
from core.clock import company_day
from core.errors import FieldError
from credit.rules.asks import CreditAsk, CreditDecision
from orders.gates import gather, judge, local_day, priced, violations_of
from orders.queries import credit_held_pictures, orders_by_po_number
from orders.revision_queries import texts_of
from orders.rules import gates as rules
from orders.rules.amending import compare
from orders.rules.amending_words import freight_changes
from orders.rules.asks import GateResult
from orders.rules.capture import Surroundings
from orders.rules.credit_queue import ask_to_amend, is_held, owes_more
from orders.rules.gates import PURCHASE_APPROVAL
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.purchase import BY_PEOPLE
from orders.rules.releasable import policy_of
from orders.rules.wishes import Change, LineChange, Wish, is_redated, is_redirected, is_untouched, place_of, standing
from orders.rules.worth import per_unit
from orders.states import Gate, Verdict
from pricing import queries as pricing
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)


@dataclass(frozen=True)
class Assessed:
    """`after` is the order as it would be, priced; `errors` is everything that refuses it, by place in the wish.
    `prices` are of new and raised lines by number, `results` of the gates that were asked."""

    before: OrderPicture
    after: OrderPicture
    account: AccountSnapshot
    lines: tuple[LineChange, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    errors: tuple[FieldError, ...]
    prices: Mapping[int, PriceResult]
    results: tuple[GateResult, ...]
    gates: tuple[Gate, ...]
    today: date
    refreighted: tuple[int, ...] = ()  # numbers of the lines whose freight is another, for the order as a whole

    @property
    def money_effect(self) -> Decimal:
        return self.after.total - self.before.total

    @property
    def asks_credit(self) -> bool:
        """More is owed, or what holds the order now may have gone."""
        return owes_more(self.before, self.after) or is_held(self.before)

    @property
    def asks_company(self) -> bool:
        """The customer's own people ordered it, and there is something its company did not see; or it still waits."""
        if self.before.meta.get("channel") not in BY_PEOPLE:
            return False
        waits = any(h.rule == PURCHASE_APPROVAL for h in self.before.open_holds)
        places = [{place_of(o, x) for x in o.lines} for o in (self.before, self.after)]
        products = [set(o.product_ids) for o in (self.before, self.after)]
        return waits or self.money_effect > 0 or not places[1] <= places[0] or not products[1] <= products[0]

    @property
    def redated(self) -> tuple[LinePicture, ...]:
        return tuple(x for x, was in self._pairs() if is_redated(self.before, self.after, x, was))

    @property
    def redirected(self) -> tuple[LinePicture, ...]:
        return tuple(x for x, was in self._pairs() if is_redirected(self.before, self.after, x, was))

    @property
    def is_regrouped(self) -> bool:
        """Whether its lines ship together is another question than it was."""
        return policy_of(self.before, self.account) != policy_of(self.after, self.account)

    @property
    def changes_as_a_whole(self) -> bool:
        """Where its lines are served from is another question than it was: where they go, when, or what ships together.
        Lines that share a shipment are planned together, so one line's new day is all lines' question."""
        ships = self.before.ship_complete != self.after.ship_complete
        return bool(self.redated or self.redirected or self.is_regrouped or ships)

    def _pairs(self) -> Iterable[tuple[LinePicture, LinePicture]]:
        return zip(self.after.lines, self.before.lines, strict=False)  # new lines come last


def assess(order: OrderPicture, wish: Wish, *, now: datetime) -> Assessed:
    """The same statements for 1 and for 200 lines."""
    around = _surroundings(order, wish, now)
    note, release_number = texts_of(order.order_id)
    found = compare(order, wish, around, note=note)
    account = around.accounts[order.account_id]
    today = local_day(now, account)
    nothing = Assessed(order, order, account, (), (), (), found.errors, {}, (), (), today)
    if found.errors:
        return nothing
    submitted = order.submitted_on or today
    after, prices = _priced(found.after, found.lines, submitted, today)
    after, refreighted = _with_freight(order, after, set(prices), account, submitted)
    lines = tuple(replace(c, after=_line(after, c.line_no)) for c in found.lines)
    gates = _gates(order, after, lines)
    results = _results(after, lines, gates, around, now)
    errors = [*_refusals(results, after, wish), *_twin(order, after, release_number)]
    return replace(
        nothing,
        after=after,
        lines=lines,
        changes=(*found.changes, *freight_changes(order, after, refreighted)),
        notes=found.notes,
        errors=tuple(errors),
        prices=prices,
        results=results,
        gates=gates,
        refreighted=refreighted,
    )


def _surroundings(order: OrderPicture, wish: Wish, now: datetime) -> Surroundings:
    places = {order.ship_to_id, wish.ship_to_id} | {x.ship_to_id for x in order.lines}
    places |= {x.ship_to_id for x in wish.lines}
    known = {x.line_no: x.product_id for x in order.lines}
    products = {x.product_id or known.get(x.line_no or 0) for x in wish.lines}
    return Surroundings(
        account_snapshots([order.account_id], on=company_day(now)),
        ship_to_snapshots(sorted(i for i in places if i is not None)),
        product_snapshots(sorted(i for i in products if i is not None)),
    )


def _priced(
    order: OrderPicture, lines: Iterable[LineChange], submitted: date, today: date
) -> tuple[OrderPicture, dict[int, PriceResult]]:
    """New lines at today's price; raised ones at that of the day of submit, by what stands of them."""
    asking = [c for c in lines if c.asks_price]
    new = [c.after for c in asking if c.before is None]
    raised = [replace(c.after, qty=standing(c.after)) for c in asking if c.before is not None]
    prices: dict[int, PriceResult] = {}
    found: dict[int, LinePicture] = {}
    for some, on in ((new, today), (raised, submitted)):
        if some:
            told, results = priced(replace(order, lines=tuple(some)), on=on, beside=_beside(order, some))
            prices |= results
            found |= {x.line_no: x for x in told.lines}
    return replace(order, lines=tuple(_with_price(x, found.get(x.line_no)) for x in order.lines)), prices


def _beside(order: OrderPicture, some: Iterable[LinePicture]) -> Decimal:
    """What the lines are worth that are not asked about: freight is free of a whole order."""
    asked = {x.line_no for x in some}
    return sum((x.amount for x in order.lines if x.line_no not in asked), ZERO)


def _with_freight(
    before: OrderPicture, after: OrderPicture, priced_now: Collection[int], account: AccountSnapshot, submitted: date
) -> tuple[OrderPicture, tuple[int, ...]]:
    """The freight of the lines nobody asked the price of, where the order is worth more or less than it was: free from a
    worth of the whole order, or not free any more. A line of which a part has gone keeps what that part is invoiced by.
    """
    kept = [x for x in after.lines if x.line_no not in priced_now and is_untouched(x)]
    if after.total == before.total or not kept:
        return after, ()
    beside = after.total - sum((x.amount for x in kept), ZERO)
    asked = [_as_priced(x, after.currency) for x in kept]
    told = pricing.freight_anew(asked, account=account, on=submitted, was=before.total, beside=beside)
    moved = {int(n): freight for n, freight in told.items()}
    lines = tuple(
        replace(x, unit_freight=per_unit(moved[x.line_no], standing(x))) if x.line_no in moved else x
        for x in after.lines
    )
    return replace(after, lines=lines), tuple(moved)


def _as_priced(line: LinePicture, currency: str) -> PriceResult:
    assert line.product_id is not None  # a submitted line has a product
    return PriceResult(
        str(line.line_no), line.product_id, line.unit_price, line.amount, currency, line.price_basis, None, ""
    )


def _with_price(line: LinePicture, priced_line: LinePicture | None) -> LinePicture:
    return line if priced_line is None else replace(priced_line, qty=line.qty)


def _line(order: OrderPicture, line_no: int) -> LinePicture:
    return next(x for x in order.lines if x.line_no == line_no)


def _gates(before: OrderPicture, after: OrderPicture, lines: Iterable[LineChange]) -> tuple[Gate, ...]:
    """Those that what is new has to pass; credit and the company are asked by the caller."""
    many = list(lines)
    asked = []
    if any(c.more for c in many):
        asked.append(Gate.ELIGIBILITY)
    if (before.ship_to_id, before.po_number) != (after.ship_to_id, after.po_number):
        asked.append(Gate.DATA)
    if any(c.asks_price for c in many):
        asked.append(Gate.PRICE)
    return tuple(asked)


def _results(
    after: OrderPicture, lines: Iterable[LineChange], gates: tuple[Gate, ...], around: Surroundings, now: datetime
) -> tuple[GateResult, ...]:
    """Eligibility is asked of what is more, the others of the whole order."""
    whole = [g for g in gates if g != Gate.ELIGIBILITY]
    results = list(judge(after, gather([after], whole, now=now), whole, now=now)) if whole else []
    if Gate.ELIGIBILITY in gates:
        more = replace(after, lines=tuple(c.after for c in lines if c.more))
        violations = violations_of([more], around.accounts, now=now).get(after.order_id, {})
        results += rules.eligibility(more, around.accounts.get(after.account_id), violations)
    return tuple(results)


def _refusals(results: Iterable[GateResult], after: OrderPicture, wish: Wish) -> Iterable[FieldError]:
    """What rejects, pointing at the wish's lines instead of the order's."""
    numbers = {x.index: x.line_no for x in after.lines}
    last = len(after.lines) - sum(1 for x in wish.lines if x.line_no is None)
    new = [i for i, x in enumerate(wish.lines) if x.line_no is None]
    places = {x.line_no: i for i, x in enumerate(wish.lines) if x.line_no is not None}
    places |= {after.lines[last + n].line_no: i for n, i in enumerate(new)}
    for result in results:
        for error in result.problems if result.verdict == Verdict.REJECT else ():
            parts = error.pointer.split("/")
            if len(parts) > 2 and parts[1] == "lines" and parts[2].isdecimal():
                parts[2] = str(places.get(numbers[int(parts[2])], parts[2]))
            yield replace(error, pointer="/".join(parts))


def _twin(order: OrderPicture, after: OrderPicture, release_number: str) -> Iterable[FieldError]:
    if after.po_number and after.po_number != order.po_number:
        key = (order.account_id, after.po_number, release_number)
        found = orders_by_po_number([key]).get(key)
        if found is not None and found[0] != order.order_id:
            words = f"PO number {after.po_number} is order {found[1]} already."
            yield FieldError("/po_number", "taken", words, "Use another number, or amend that order.")


def amending_ask(found: Assessed) -> CreditAsk:
    """What credit is asked: the order as wanted, less what it holds of the exposure already. Reads what waits behind it."""
    return ask_to_amend(found.before, found.after, credit_held_pictures({found.after.account_id}))


def credit_results(found: Assessed, decision: CreditDecision, *, now: datetime) -> list[GateResult]:
    return rules.after_waivers(found.after, rules.credit(found.after, decision), found.after.total, now)
