"""The order of goods that were used already: priced and judged as on the day of the use, its lines shipped at once.

Nothing refuses it but a missing price or credit account; what else would keep an order from being released keeps this
one from being invoiced. Three steps of the caller's transaction, because stock is taken between the second and third.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from core import outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.explain import Explanation
from core.uow import require_uow
from credit.rules.asks import CreditDecision
from inventory.rules.asks import Reservation
from orders.events import OrderCaptured
from orders.gates import Verdicts, look_at
from orders.rules import gates as rules
from orders.rules.asks import OrderDraft, Submitted
from orders.rules.capture import Checked, check_draft
from orders.rules.draft import picture_of
from orders.rules.trace import price_columns
from orders.rules.usage import cannot_bill, for_usage
from orders.rules.worth import UnitWorth
from orders.services.accept import decide_credit
from orders.services.capture import captured_entry, line_row, order_row, surroundings
from orders.services.submit import Judged, order_columns, outcome_of, splits_of, tell_many
from orders.services.write_rows import draw_identity, insert_whole
from orders.states import Blocks

PLACED_VERSION = 2  # 1 was the capture
ZERO = Decimal(0)
# What is sold in steps may be used by the piece.
ORDERING_RULES = frozenset({"not_a_multiple", "below_minimum", "above_maximum"})


@dataclass(frozen=True)
class JudgedUsage:
    """An order that can be made of the usage; `order_id` is drawn by `decide_usage`."""

    checked: Checked
    verdicts: Verdicts
    decision: CreditDecision | None = None


@dataclass(frozen=True)
class UsageOrder:
    """The order as it was written, with its lines by number and the price each is locked at."""

    submitted: Submitted
    line_ids: dict[int, int]
    currency: str
    ship_to_id: int | None

    worth: Mapping[int, UnitWorth]  # by line number
    terms_code: str


def judge_usage(draft: OrderDraft, *, used_at: datetime) -> JudgedUsage | tuple[FieldError, ...]:
    """Prices and gates 1 to 4 as of the use, or why no order can be made of it. Reads only."""
    around = surroundings([draft], now=used_at)
    checked = check_draft(draft, around)
    if faults := tuple(e for e in checked.errors if e.code not in ORDERING_RULES):
        return faults
    verdicts = look_at(picture_of(checked, around.products), now=used_at, around=around)
    return cannot_bill(verdicts.results) or JudgedUsage(checked, verdicts)


@require_uow
def decide_usage(judged: JudgedUsage, *, now: datetime) -> JudgedUsage | tuple[FieldError, ...]:
    """Credit's word under the account's row lock (rank 10), or that there is no credit account to owe it on."""
    draft = judged.checked.draft
    order_id, number, twin = draw_identity(draft.account_id, draft.po_number, draft.release_number)
    if twin:
        words = f"Purchase order {draft.po_number} of this usage is order {twin[1]} already."
        return (FieldError("/po_number", "duplicate", words, "Bill that order."),)
    order = replace(judged.verdicts.order, order_id=order_id, number=number, version=PLACED_VERSION)
    decision = decide_credit(order, today=now.date(), now=now)
    if any(r.rule == rules.NO_CREDIT_ACCOUNT for r in decision.reasons):
        words = "The customer has no credit account to owe this on."
        return (FieldError("/account", rules.NO_CREDIT_ACCOUNT, words, "Finance opens one, then bills the usage."),)
    return replace(judged, verdicts=replace(judged.verdicts, order=order), decision=decision)


@require_uow
def write_usage(
    judged: JudgedUsage, demand_ids: Mapping[int, int], *, awaited: str, actor: Actor, now: datetime
) -> UsageOrder:
    """Insert the order of the demands (by line number) that the goods were taken by. `awaited`: the words of the hold
    for a purchase order that is to follow."""
    verdicts, order, draft = judged.verdicts, judged.verdicts.order, judged.checked.draft
    assert judged.decision is not None  # decide_usage came first
    results = for_usage((*verdicts.results, *rules.credit(order, judged.decision)), awaited=awaited)
    row = {**order_row(judged.checked, actor, now), **order_columns(order, verdicts, results, now)}
    lines = [
        {**line_row(order.order_id, line), **price_columns(verdicts.prices[x.line_no], x, demand_ids[x.line_no], now)}
        for line, x in zip(judged.checked.lines, order.lines, strict=True)
    ]
    splits = splits_of(order.account_id, on=verdicts.today)
    ids = insert_whole({**row, "id": order.order_id, "number": order.number}, lines, splits)
    if not ids:
        raise InvalidInput([FieldError("/external_id", "duplicate", "The usage is an order already.")])
    captured = OrderCaptured(order.order_id, order.account_id, draft.channel, 0)
    told = tell_many(
        [Judged(verdicts, results, blocks=(Blocks.INVOICE,))],
        actor=actor,
        now=now,
        before=[captured_entry(order.order_id, order.number, judged.checked)],
        facts=[outbox.Note(captured, f"order:{order.order_id}", 1)],
    )
    served = {x.line_no: _served(demand_ids[x.line_no], x.qty) for x in order.lines}
    worth = {x.line_no: x.unit_worth for x in order.lines}
    outcome = outcome_of(order, told[order.order_id], served)
    return UsageOrder(outcome, ids, order.currency, order.ship_to_id, worth, order.terms_code)


def _served(demand_id: int, qty: Decimal) -> Reservation:
    return Reservation(demand_id, qty, ZERO, (), Explanation("used in the field", "nothing is open"))
