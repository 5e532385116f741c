"""Capture and submit in one transaction: what the portal, the API and EDI call when nothing is left to ask."""

from dataclasses import replace
from datetime import datetime, timedelta

from core import outbox
from core.actors import Actor
from core.errors import Busy, DomainError
from core.uow import door_verb, require_uow
from orders.events import OrderCaptured
from orders.queries import orders_by_external_id
from orders.rules.asks import GateResult, OrderDraft, Submitted
from orders.rules.capture import Checked, Surroundings
from orders.rules.draft import picture_of
from orders.rules.picture import OrderPicture
from orders.rules.purchase import BY_PEOPLE
from orders.rules.trace import price_columns
from orders.services.accept import Entering, decide_credit, open_lines, reserve_lines
from orders.services.ask_company import Asking, ask_company, spender_of
from orders.services.capture import (
    REFUSE_ON,
    DuplicatePurchaseOrder,
    captured_entry,
    check_all,
    line_row,
    order_row,
    surroundings,
)
from orders.services.submit import (
    Judged,
    judge_entry,
    order_columns,
    outcome_of,
    splits_of,
    submit_order,
    tell_many,
    with_credit,
    with_terms,
)
from orders.services.write_rows import draw_identity, insert_whole
from pricing.rules.asks import AgreedPrice
from pricing.services.agree import agree

PLACED_VERSION = 2  # 1 was the capture
AGREED_FOR = timedelta(days=1)  # it is priced in this transaction


@door_verb(refuse_on=REFUSE_ON)
def place(draft: OrderDraft, *, actor: Actor, now: datetime) -> Submitted:
    """Take the order and make it binding, or take nothing. At most 20 statements for any number of lines.

    A draft delivered before (channel, account, external id) gives that order's outcome, submitted if it was not yet.
    Raises InvalidInput, DuplicatePurchaseOrder, SubmitRefused.
    """
    key = (draft.channel, draft.account_id, draft.external_id)
    if draft.external_id and (known := orders_by_external_id([key])):
        return submit_order(known[key][0], actor=actor, now=now)
    around = surroundings([draft], now=now)
    checked = check_all([draft], [""], around)[0]
    return _place(checked, around, actor, now)


@require_uow
def _place(checked: Checked, around: Surroundings, actor: Actor, now: datetime) -> Submitted:
    draft = checked.draft
    _agree(checked, now)
    verdicts = judge_entry(picture_of(checked, around.products), now=now, around=around)
    order_id, number, twin = draw_identity(draft.account_id, draft.po_number, draft.release_number)
    if twin:
        raise DuplicatePurchaseOrder(po_number=draft.po_number, order_id=twin[0], number=twin[1])
    order = replace(verdicts.order, order_id=order_id, number=number, version=PLACED_VERSION)
    verdicts = replace(verdicts, order=order)
    decision = decide_credit(order, today=verdicts.today, now=now)
    verdicts = with_terms(verdicts, decision)
    order = verdicts.order
    results = with_credit(verdicts, decision, _company(order, draft, actor, now))
    row = {**order_row(checked, actor, now), **order_columns(order, verdicts, results, now)}
    splits = splits_of(order.account_id, on=verdicts.today)
    demands = open_lines([Entering(order, verdicts.account, verdicts.prices, verdicts.today)], now=now)
    lines = [
        {**line_row(order_id, line), **price_columns(verdicts.prices[x.line_no], x, demands[order_id][x.line_no], now)}
        for line, x in zip(checked.lines, order.lines, strict=True)
    ]
    if not insert_whole({**row, "id": order_id, "number": number}, lines, splits):
        raise Busy(cause="the same order is being delivered twice at this moment")
    captured = OrderCaptured(order_id, order.account_id, draft.channel, 0)
    told = tell_many(
        [Judged(verdicts, results)],
        actor=actor,
        now=now,
        before=[captured_entry(order_id, number, checked)],
        facts=[outbox.Note(captured, f"order:{order_id}", 1)],
    )
    reserved = reserve_lines(demands, now=now)
    return outcome_of(order, told[order_id], reserved[order_id])


@require_uow
def _agree(checked: Checked, now: datetime) -> None:
    """Write down the prices that lines come with, for pricing to find."""
    for line in checked.draft.lines:
        if line.agreed is not None and line.product_id is not None:
            agree(
                line.agreed.ref,
                [AgreedPrice(line.product_id, line.agreed.unit_price)],
                account_id=checked.draft.account_id,
                currency=checked.currency,
                valid_until=now + AGREED_FOR,
                now=now,
            )


@require_uow
def _company(order: OrderPicture, draft: OrderDraft, actor: Actor, now: datetime) -> GateResult | None:
    """Gate 4 where a customer's people, or their rep, order by themselves: counted towards a limit, or asked first."""
    if draft.channel not in BY_PEOPLE:
        return None
    by_rep = draft.on_behalf_of is not None
    buyer_id = None if by_rep else spender_of(order.account_id, actor=actor)
    said = ask_company([Asking(order, buyer_id)], actor=actor, now=now).get(order.order_id)
    if isinstance(said, DomainError):
        raise said
    return said
