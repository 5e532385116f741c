"""What placing this draft would do: prices, dates, credit, holds. Writes nothing, locks nothing, reserves nothing."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import FieldError
from credit.rules.asks import CreditDecision
from inventory import queries as inventory
from inventory.rules.asks import Availability, AvailabilityQuery, SplitAsk, SplitLine
from inventory.rules.offer import to_customer
from inventory.split_queries import split_plan
from inventory.states import PromiseKind
from orders.gates import credit_views, look_at
from orders.rules import gates as rules
from orders.rules.asks import CreditView, GateResult, LinePreview, OrderDraft, Preview
from orders.rules.capture import Checked, Surroundings, check_draft
from orders.rules.draft import picture_of
from orders.rules.picture import LinePicture, OrderPicture
from orders.services.capture import surroundings
from orders.states import Verdict
from pricing.rules.asks import PriceResult

ZERO = Decimal(0)


def preview(draft: OrderDraft, *, actor: Actor, now: datetime, own_demands: Collection[int] = ()) -> Preview:
    """The same rules as submit, by the same code. Input faults do not stop it: the good lines get their answer.
    `own_demands`: what the draft holds already is free for it (`GoodsHeld.demand_ids`)."""
    around = surroundings([draft], now=now)
    checked = check_draft(draft, around)
    if draft.account_id not in around.accounts:
        return _nothing(checked)
    order = _readable(picture_of(checked, around.products))
    verdicts = look_at(order, now=now, around=around)
    order = verdicts.order
    decision = credit_views([order], now=now)[order.order_id]
    results = (*verdicts.results, *rules.credit(order, decision))
    stock = _stock(order, around.accounts[draft.account_id].min_shelf_life_days, verdicts.today, own_demands)
    dates = _split(order, around, verdicts.today, now, own_demands)
    problems = (*checked.errors, *(p for r in results if r.verdict == Verdict.REJECT for p in r.problems))
    prices = list(verdicts.prices.values())
    tax, freight = sum((p.tax for p in prices), ZERO), sum((p.freight for p in prices), ZERO)
    return Preview(
        tuple(_line(x, verdicts.prices.get(x.line_no), dates.get(x.index), problems, stock) for x in order.lines),
        order.total,
        tax,
        freight,
        order.total + tax + freight,
        order.currency,
        credit_view(decision),
        tuple(r for r in results if r.verdict == Verdict.HOLD),
        problems,
    )


def _readable(order: OrderPicture) -> OrderPicture:
    """Lines whose quantity makes no sense are shown, not priced."""
    lines = tuple(x if x.qty.is_finite() and x.qty > 0 else replace(x, product_id=None) for x in order.lines)
    return replace(order, lines=lines)


def _stock(
    order: OrderPicture, shelf_life: int, today: date, own_demands: Collection[int]
) -> Mapping[int, Availability]:
    if not order.product_ids:
        return {}
    query = AvailabilityQuery(
        tuple(order.product_ids), order.account_id, today, min_shelf_life_days=shelf_life,
        ignore_demand_ids=tuple(own_demands),
    )  # fmt: skip
    return inventory.availability(query)


def _split(
    order: OrderPicture, around: Surroundings, today: date, now: datetime, own_demands: Collection[int]
) -> dict[int, SplitLine]:
    """By the line's index, as reserve would do it now."""
    account = around.accounts[order.account_id]
    asks = [
        SplitAsk(
            x.index, x.product_id, x.qty, x.requested_date or order.requested_date or today,
            x.ship_to_id or order.ship_to_id, account.min_shelf_life_days,
            product.weight_kg if (product := around.products.get(x.product_id)) else None,
        )
        for x in order.lines
        if x.product_id is not None
    ]  # fmt: skip
    return split_plan(asks, account_id=order.account_id, now=now, own_demands=own_demands)


def _line(
    line: LinePicture,
    price: PriceResult | None,
    split: SplitLine | None,
    problems: Iterable[FieldError],
    stock: Mapping[int, Availability],
) -> LinePreview:
    at = f"/lines/{line.index}/"
    own = tuple(p for p in problems if p.pointer.startswith(at))
    found = None if line.product_id is None else stock.get(line.product_id)
    promises = () if split is None else split.slices
    waits = any(p.kind != PromiseKind.STOCK or p.is_bought for p in promises)
    limits = to_customer(found) if found is not None and waits else ""
    words, why = ("", "") if split is None else (split.words, split.why_here)
    return LinePreview(line.line_no, line.product_id, line.sku, line.qty, price, promises, own, limits, words, why)


def credit_view(decision: CreditDecision) -> CreditView:
    """What of a decision may be shown to whoever orders. Where the limit of a head above leaves less than the account's
    own, that is what the customer has: what the others of the family owe is not told."""
    return CreditView(
        decision.is_approved,
        decision.exposure,
        decision.exposure + decision.room,
        decision.room,
        decision.asked,
        decision.currency,
        tuple(r.message for r in decision.reasons),
        has_account=all(r.rule != rules.NO_CREDIT_ACCOUNT for r in decision.reasons),
    )


def _nothing(checked: Checked) -> Preview:
    no_holds: tuple[GateResult, ...] = ()
    return Preview((), ZERO, ZERO, ZERO, ZERO, checked.currency, None, no_holds, checked.errors)
