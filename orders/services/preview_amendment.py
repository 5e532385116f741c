"""What an amendment would do: before and after, money, promises, headroom, holds. Writes nothing, locks nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import FieldError, NotFound
from core.quantity import plain
from credit import queries as credit
from credit.states import CheckPoint
from inventory.services.foresee import Foreseen, foresee
from orders.amendments import Assessed, amending_ask, assess, credit_results
from orders.purchase_queries import heads
from orders.queries import pictures
from orders.rules.amending_words import reason_errors
from orders.rules.asks import CreditView, GateResult
from orders.rules.purchase import waiting
from orders.rules.wishes import Change, LineChange, Wish, standing
from orders.services.amend import spender_in
from orders.services.ask_company import Asking, would_ask
from orders.services.ask_company_again import is_approved_already
from orders.services.preview import credit_view
from orders.services.write_amendment import amending_of, spec_of
from orders.states import Verdict

ZERO = Decimal(0)


@dataclass(frozen=True)
class LinePreviewed:
    """A line that would change: what would stand of it, in base units, and how it would be promised, with the sites;
    `promised_now` is how it is, where that moves."""

    line_no: int
    sku: str
    before: Decimal | None
    after: Decimal
    unit_price: Decimal | None
    amount: Decimal
    is_repriced: bool
    promise: str
    promised_now: str = ""
    why_here: str = ""


@dataclass(frozen=True)
class AmendmentPreview:
    """`version` is that of the order that was looked at: say it with the amendment. `problems` refuse it; `holds` would
    hold the order. Totals are of the goods."""

    number: str
    version: int
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    lines: tuple[LinePreviewed, ...]
    before_total: Decimal
    after_total: Decimal
    currency: str
    credit: CreditView | None
    holds: tuple[GateResult, ...]
    problems: tuple[FieldError, ...]

    @property
    def money_effect(self) -> Decimal:
        return self.after_total - self.before_total

    @property
    def can_amend(self) -> bool:
        return bool(self.changes) and not self.problems


def preview_amendment(
    *, order_id: int, wish: Wish, actor: Actor, now: datetime, reason: str | None = None
) -> AmendmentPreview:
    """By the same code as the amendment, the company's rules and its buyer's spending limits among it. A `reason` that is
    given is looked at as the amendment will; None: it is said later.

    Raises NotFound. A constant number of statements.
    """
    order = pictures([order_id]).get(order_id)
    if order is None:
        raise NotFound(kind="order", ident=order_id)
    found = assess(order, wish, now=now)
    view, results = _credit(found, now) if not found.errors else (None, [])
    holds = [r for r in (*found.results, *results, *_company(found, actor, now)) if r.verdict == Verdict.HOLD]
    return AmendmentPreview(
        order.number, order.version, found.changes, found.notes, _lines(found, now), order.total, found.after.total,
        order.currency, view, tuple(holds), (*found.errors, *([] if reason is None else reason_errors(reason))),
    )  # fmt: skip


def _credit(found: Assessed, now: datetime) -> tuple[CreditView, list[GateResult]]:
    """The headroom is always told; the gate only decides where the amendment asks it."""
    (decision,) = credit.outlook([amending_ask(found)], point=CheckPoint.ENTRY, now=now)
    return credit_view(decision), credit_results(found, decision, now=now) if found.asks_credit else []


def _company(found: Assessed, actor: Actor, now: datetime) -> list[GateResult]:
    """As ask_company_again would: what the company said yes to before needs no second one."""
    if found.errors or not found.asks_company or is_approved_already(found.after, now):
        return []
    head = heads([found.after.order_id])[found.after.order_id]
    why = would_ask(Asking(found.after, spender_in(head, actor)), actor=actor, now=now)
    return [waiting(why)] if why else []


def _lines(found: Assessed, now: datetime) -> tuple[LinePreviewed, ...]:
    """Those that are touched, and those whose goods would come from elsewhere or on another day."""
    ahead = _ahead(found, now)
    anew = {x.line_no for x in (*found.redated, *found.redirected)}
    touched = {c.line_no: c for c in found.lines}
    was = {x.line_no: x for x in found.before.lines}
    moved = {n for n, f in ahead.items() if f.is_moved}
    return tuple(
        LinePreviewed(
            x.line_no, x.sku, standing(was[x.line_no]) if x.line_no in was else None, standing(x), x.unit_price,
            x.amount, x.line_no in found.prices and x.line_no in was,
            _promise(touched.get(x.line_no), ahead.get(x.line_no)),
            _promised_now(ahead.get(x.line_no)),
            ahead[x.line_no].why_here if x.line_no in ahead else "",
        )
        for x in found.after.lines
        if x.line_no in touched or x.line_no in anew or x.line_no in moved
    )  # fmt: skip


def _promise(change: LineChange | None, ahead: Foreseen | None) -> str:
    """ "2 more: 2 now from Reno DC" where the rest stays as promised, else the whole line: "12 on 3 Dec from Reno DC"."""
    if ahead is None:
        return ""
    more = change.more if change is not None and change.before is not None else ZERO
    return f"{plain(more)} more: {ahead.added}" if more and not ahead.is_moved else ahead.words


def _promised_now(ahead: Foreseen | None) -> str:
    """What is promised of the line now, where that would be different."""
    return ahead.was if ahead is not None and ahead.is_moved else ""


def _ahead(found: Assessed, now: datetime) -> Mapping[int, Foreseen]:
    """By line number, what reserve would do with what changes; nothing where it is refused."""
    if found.errors:
        return {}
    known = {x.line_no: x.demand.demand_id for x in found.before.lines if x.demand}
    specs = [spec_of(found, c.after) for c in found.lines if c.before is None and c.after.product_id is not None]
    changes = amending_of(found, known)
    if not specs and not changes:
        return {}
    seen = foresee(specs, changes, is_weighed_again=found.changes_as_a_whole, now=now)
    standing_lines = {n: seen.standing[i] for n, i in known.items() if i in seen.standing}
    return {**standing_lines, **{int(key): f for key, f in seen.new.items()}}
