"""Who gets the stock there is: a pure plan over a snapshot (domain.md §6), every line of it explained."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from core.explain import Explanation, Loser
from core.quantity import plain
from inventory.rules.borrow import Repeg
from inventory.rules.sourcing import Need, Supply, general_order, in_turn, is_usable
from inventory.states import Strategy

ZERO = Decimal(0)
RULE = "priority, tier, SLA penalty, contract, margin, date, age"


class PlanLine(NamedTuple):
    """`qty` of a balance for a demand; `is_firm` is false where it only holds stock softly: blocked, or kept soft."""

    demand_id: int
    balance_id: int
    qty: Decimal
    is_firm: bool


@dataclass(frozen=True)
class Verdict:
    """What a policy adds to a decision: by which segment and stage, what was kept from the demand, what barred it.

    `before` is what it held firmly until now. `protected` is [(pool, base units it keeps from this account)]; `barred`
    is why it got no more although there is stock. `lent` waits for supply that comes in time. A win has failed that is not
    served in full, or not on its day.
    """

    policy: str
    segment: str
    strategy: str
    stage: str
    rule: str
    before: Decimal = ZERO
    lent: Decimal = ZERO
    protected: tuple[tuple[str, Decimal], ...] = ()
    barred: str = ""
    is_win_failed: bool = False
    late_on: date | None = None  # the day a win is promised for that is later than it must be there


@dataclass(frozen=True)
class Decision:
    """Why a demand got what it got: its place among all that wanted the product and what those ahead took."""

    need: Need
    position: int
    of: int
    got: Decimal
    ahead_qty: Decimal
    ahead_id: int | None
    sites: tuple[str, ...]
    unusable: Decimal
    is_contended: bool = False
    verdict: Verdict | None = None

    def explanation(self, verb: str = "allocated") -> Explanation:
        need, asked = self.need, plain(self.need.qty)
        inputs: dict[str, Any] = {
            "asked": asked, "position": self.position, "of": self.of, "tier_rank": need.tier_rank,
            "requested_date": need.requested_date.isoformat(),
        }  # fmt: skip
        if need.priority:
            inputs["priority"] = need.priority
        if self.ahead_id is not None:
            inputs |= {"ahead_took": plain(self.ahead_qty), "next_ahead_demand": self.ahead_id}
        if self.verdict is not None:
            inputs |= _inputs(self.verdict)
        rule = RULE if self.verdict is None else self.verdict.rule
        where = f" from {', '.join(self.sites)}" if self.sites else ""
        return Explanation(rule, f"{plain(self.got)} of {asked} {verb}{where}", inputs, self._losers())

    def _losers(self) -> tuple[Loser, ...]:
        found = []
        short = self.need.qty - self.got
        if self.verdict is not None and short > 0:
            found += _verdict_losers(self.verdict, short)
        if short > 0 and not (self.verdict and (self.verdict.barred or self.verdict.lent)):
            found.append(Loser(f"{plain(short)} more", "those ahead took it" if self.ahead_qty else "no stock is free"))
        if self.unusable > 0 and short > 0:
            found.append(Loser(f"{plain(self.unusable)} in stock", "expires too soon, or is kept for another site"))
        if self.is_contended:
            found.append(Loser("stock that was read as free", "another claim took it first"))
        if self.verdict is not None and self.verdict.late_on is not None:
            day = self.verdict.late_on
            found.append(Loser("to be there on its day", f"it is promised for {day.day} {day:%b}"))
        if self.need.is_blocked:
            found.append(Loser("a firm allocation", "the demand is blocked: it comes last and holds stock only softly"))
        elif self.need.is_soft_only:
            words = "its order is held before allocation: it keeps its rank and holds stock only softly"
            found.append(Loser("a firm allocation", words))
        return tuple(found)


def on_its_day(decision: Decision, promised: date | None) -> Decision:
    """A win must be confirmed in full on the day asked for: `promised` is the day the last of it is promised for. Another
    decision stays as it is."""
    verdict, due = decision.verdict, decision.need.requested_date
    if verdict is None or verdict.strategy != Strategy.WIN or promised is None or promised <= due:
        return decision
    return replace(decision, verdict=replace(verdict, is_win_failed=True, late_on=promised))


def _inputs(verdict: Verdict) -> dict[str, Any]:
    found: dict[str, Any] = {"policy": verdict.policy, "segment": verdict.segment, "strategy": verdict.strategy}
    found |= {"stage": verdict.stage} if verdict.stage else {}
    return found | ({"before": plain(verdict.before)} if verdict.before else {})


def _verdict_losers(verdict: Verdict, short: Decimal) -> list[Loser]:
    found = []
    if verdict.lent:
        found.append(Loser(f"{plain(verdict.lent)} lent", "supply that comes by its date serves it instead"))
    if verdict.barred and short > verdict.lent:
        found.append(Loser(f"{plain(short - verdict.lent)} more", verdict.barred))
    found += [Loser(f"{plain(qty)} in stock", f"kept for {pool}") for pool, qty in verdict.protected]
    if verdict.is_win_failed:
        found.append(Loser("to be served in full", "there is not enough for all that must be"))
    return found


def in_words(why: Explanation, ahead: str) -> str:
    """ "20 of 60 allocated from CMH: place 1 of 2 by …, those ahead took 20, next ahead is SO-100807 line 1."

    What was decided without a queue (goods used in the field) names its rule alone.
    """
    is_ranked = "position" in why.inputs
    place = f"place {why.inputs['position']} of {why.inputs['of']} by {why.rule}" if is_ranked else why.rule
    took = f"; those ahead took {why.inputs['ahead_took']}" if "ahead_took" in why.inputs else ""
    after = f", next ahead is {ahead}" if ahead else ""
    lost = "".join(f" {loser.what[:1].upper()}{loser.what[1:]}: {loser.why}." for loser in why.losers)
    return f"{why.outcome}: {place}{took}{after}.{lost}"


@dataclass(frozen=True)
class Plan:
    """Σ of the lines ≤ the supply per balance, and ≤ what was asked per demand.

    Not `is_settled`: a further run of the same policy might still move something.
    """

    lines: tuple[PlanLine, ...]
    decisions: tuple[Decision, ...]
    pegs: tuple[Repeg, ...] = ()
    is_settled: bool = True


def rank(need: Need) -> tuple[Any, ...]:
    """The sort key, smallest first: blocked demands last, then domain.md §6 stage 2."""
    return (
        need.is_blocked,
        -need.priority,
        need.tier_rank,
        -need.sla_penalty,
        not need.is_contract,
        -need.margin_band,
        need.requested_date,
        need.opened_at,
        need.demand_id,
    )


def ranked(needs: Sequence[Need]) -> Sequence[Need]:
    return sorted(needs, key=rank) if len(needs) > 1 else needs


def allocate(needs: Iterable[Need], supplies: Iterable[Supply], *, today: date) -> Plan:
    """Deal the supplies to the needs in rank order, product by product. Splits over sites and lots are allowed."""
    wanted: dict[int, list[Need]] = defaultdict(list)
    stocked: dict[int, list[Supply]] = defaultdict(list)
    for need in needs:
        wanted[need.product_id].append(need)
    for supply in supplies:
        stocked[supply.product_id].append(supply)
    lines: list[PlanLine] = []
    decisions: list[Decision] = []
    for product_id in sorted(wanted):
        _deal(ranked(wanted[product_id]), stocked[product_id], today, lines, decisions)
    return Plan(tuple(lines), tuple(decisions))


def _deal(
    needs: Sequence[Need], supplies: list[Supply], today: date, lines: list[PlanLine], decisions: list[Decision]
) -> None:
    ordered = general_order(s for s in supplies if s.qty > 0)
    left = {s.balance_id: s.qty for s in ordered}
    taken, ahead_id = ZERO, None
    for position, need in enumerate(needs, start=1):
        got, sites, unusable = _serve(need, ordered, left, today, lines)
        decisions.append(Decision(need, position, len(needs), got, taken, ahead_id, tuple(sites), unusable))
        if got:
            taken, ahead_id = taken + got, need.demand_id
            if position < len(needs) and any(left[s.balance_id] == 0 for s in ordered):
                ordered = [s for s in ordered if left[s.balance_id] > 0]


def _serve(
    need: Need, ordered: list[Supply], left: dict[int, Decimal], today: date, lines: list[PlanLine]
) -> tuple[Decimal, list[str], Decimal]:
    wanted, sites, unusable = need.qty, [], ZERO
    for supply in in_turn(ordered, need):
        if wanted <= 0:
            break
        if not is_usable(supply, need, today):
            unusable += left[supply.balance_id]
            continue
        qty = min(wanted, left[supply.balance_id])
        left[supply.balance_id] -= qty
        wanted -= qty
        lines.append(PlanLine(need.demand_id, supply.balance_id, qty, need.gets_firm))
        if supply.site_code and supply.site_code not in sites:
            sites.append(supply.site_code)
    return need.qty - wanted, sites, unusable
