"""The release gates, each a pure function: pass, hold or reject, with its explanation (domain.md §8).

A gate looks at the whole order and says everything at once. `rule` names the hold that a result would place; a gate
may answer with several results when several of its rules hold.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.rules.asks import AccountSnapshot, ShipToSnapshot
from catalog.rules.asks import Violation
from core.choices import words
from core.errors import FieldError
from core.explain import Explanation, Loser
from core.money import round_amount
from credit.rules.asks import NO_RATE, CreditDecision
from credit.states import Judgement
from orders.rules.asks import GateResult
from orders.rules.picture import LinePicture, OrderPicture, price_text, stated_amount, stated_unit_price
from orders.rules.releasable import releasable
from orders.rules.repricing import line_hash
from orders.states import Blocks, Gate, HoldReason, Verdict
from pricing.states import PriceLevel

Results = list[GateResult]
ZERO = Decimal(0)
NO_CREDIT_ACCOUNT = "no_credit_account"
NOT_WAIVED = frozenset(
    {NO_CREDIT_ACCOUNT, NO_RATE}
)  # what is released then would be in no ledger, or counted as nothing
PURCHASE_APPROVAL = "purchase_approval"  # the customer's own company decides: nobody of the house clears it
PRICE_FLOOR = "price_floor"
PO_TO_FOLLOW = "po_to_follow"  # goods were used, the purchase order comes later: only it clears the hold
LARGEST_AMOUNT = Decimal("999999999999.99")  # numeric(14,2)
FIX = "Check the quantity, or split the order."


def passed(gate: Gate, message: str, **inputs: Any) -> GateResult:
    return _result(gate, Verdict.PASS, str(gate), message, inputs)


def _result(
    gate: Gate,
    verdict: Verdict,
    rule: str,
    message: str,
    inputs: Mapping[str, Any],
    problems: Iterable[FieldError] = (),
    losers: Iterable[Loser] = (),
) -> GateResult:
    return GateResult(gate, verdict, rule, message, Explanation(rule, message, inputs, tuple(losers)), tuple(problems))


def eligibility(
    order: OrderPicture, account: AccountSnapshot | None, violations: Mapping[int, Sequence[Violation]]
) -> Results:
    """Gate 1: the account may buy, and may buy each product. `violations` by line number, all of them."""
    problems = [
        FieldError(line.pointer("product_id"), f"not_eligible:{v.rule}"[:60], v.message, "Remove the line.")
        for line in order.lines
        for v in violations.get(line.line_no, ())
    ]
    if account is None or not account.may_buy:
        status = str(account.status) if account else "unknown"
        problems.insert(0, FieldError("/account_id", "account_may_not_buy", f"The account is {status}."))
    if not problems:
        return [passed(Gate.ELIGIBILITY, "The account may buy every product.", lines=len(order.lines))]
    message = _first_of(problems, "reason", "reasons")
    inputs = {"lines": len(order.lines), "violations": len(problems)}
    return [_result(Gate.ELIGIBILITY, Verdict.REJECT, "eligibility", message, inputs, problems)]


def data(order: OrderPicture, account: AccountSnapshot | None, ship_tos: Mapping[int, ShipToSnapshot]) -> Results:
    """Gate 2: products known, an address of the account's own, a PO number where one is required.

    That a PO number is used once per account is a constraint of the database and cannot be false here.
    """
    problems: list[FieldError] = []
    if not order.lines:
        problems.append(FieldError("/lines", "empty", "The order has no lines.", "Add a line."))
    problems += [
        FieldError(x.pointer("product_id"), "unresolved", f"{x.name} is not a product we know.", "Match it to one.")
        for x in order.lines
        if x.product_id is None
    ]
    problems += _ship_to_problems(order, ship_tos)
    if account and account.po_number_required and not order.po_number:
        problems.append(FieldError("/po_number", "required", "This account orders with a PO number.", "Enter it."))
    if not problems:
        return [passed(Gate.DATA, "Everything the order needs is there.", po_number=order.po_number or "none")]
    message = _first_of(problems, "thing is missing", "things are missing")
    return [_result(Gate.DATA, Verdict.REJECT, "data", message, {"problems": len(problems)}, problems)]


def _ship_to_problems(order: OrderPicture, ship_tos: Mapping[int, ShipToSnapshot]) -> Iterable[FieldError]:
    if order.ship_to_id is None and (not order.lines or any(x.ship_to_id is None for x in order.lines)):
        yield FieldError("/ship_to_id", "required", "The order does not say where to ship.", "Choose a ship-to.")
    addresses = [("/ship_to_id", order.ship_to_id), *((x.pointer("ship_to_id"), x.ship_to_id) for x in order.lines)]
    for pointer, ship_to_id in addresses:
        if ship_to_id is None:
            continue
        ship_to = ship_tos.get(ship_to_id)
        if ship_to is None or ship_to.account_id != order.account_id or not ship_to.is_active:
            yield FieldError(pointer, "unknown_ship_to", "The ship-to is not an address in use.", "Choose another.")


def price(order: OrderPicture, approved: Collection[str] = ()) -> Results:
    """Gate 3: every line has a price, not below its floor, and the one the customer stated (to the cent).

    An overridden price below the floor passes where somebody approved it for exactly this line: `approved` are hashes of
    line, product, quantity and price.

    Our price is the contract's on the pricing date; it was locked when the order was submitted.
    """
    missing = [
        FieldError(x.pointer("product_id"), "unpriced", f"Nothing prices {x.name}.", "Add a price or remove the line.")
        for x in order.lines
        if x.product_id is not None and x.unit_price is None
    ]
    if missing:
        message = _first_of(missing, "line has no price", "lines have no price")
        return [_result(Gate.PRICE, Verdict.REJECT, "price_missing", message, {"lines": len(missing)}, missing)]
    if too_large := _too_large(order):
        message = _first_of(too_large, "amount is too large", "amounts are too large")
        return [_result(Gate.PRICE, Verdict.REJECT, "amount_too_large", message, {}, too_large)]
    found = [r for r in (_below_floor(order, approved), _differs(order)) if r is not None]
    return found or [
        passed(Gate.PRICE, "Every line is at its contract price.", total=f"{order.total} {order.currency}")
    ]


def _too_large(order: OrderPicture) -> list[FieldError]:
    """Amounts that do not fit numeric(14,2): a slip of the keyboard, told before the database does."""
    say = "{what} would be {amount:,} {currency}, more than can be written."
    found = [
        FieldError(
            x.pointer("qty"), "too_large", say.format(what=x.name, amount=x.amount, currency=order.currency), FIX
        )
        for x in order.lines
        if x.amount > LARGEST_AMOUNT
    ]
    if not found and order.total > LARGEST_AMOUNT:
        words = say.format(what="The order", amount=order.total, currency=order.currency)
        found = [FieldError("/lines", "too_large", words, FIX)]
    return found


def _is_low(line: LinePicture) -> bool:
    return line.floor is not None and line.unit_price is not None and line.unit_price < line.floor


def _is_approved(order: OrderPicture, line: LinePicture, approved: Collection[str]) -> bool:
    return (
        line.price_basis == PriceLevel.OVERRIDE
        and line.unit_price is not None
        and line_hash(order.order_id, line, line.unit_price) in approved
    )


def _below_floor(order: OrderPicture, approved: Collection[str]) -> GateResult | None:
    low = [x for x in order.lines if _is_low(x) and not _is_approved(order, x, approved)]
    if not low:
        return None
    problems = [
        FieldError(
            x.pointer("unit_price"),
            "below_floor",
            f"{x.name}: {_plain(x.unit_price)} is below the floor of {_plain(x.floor)}.",
            "Ask pricing to approve it.",
        )
        for x in low
    ]
    message = _first_of(problems, "line is below its margin floor", "lines are below their margin floor")
    short = sum(((x.floor or ZERO) - (x.unit_price or ZERO)) * x.qty for x in low)
    inputs = {"lines": len(low), "below_floor": f"{round_amount(Decimal(short), order.currency)}"}
    return _result(Gate.PRICE, Verdict.HOLD, PRICE_FLOOR, message, inputs, problems)


def _differs(order: OrderPicture) -> GateResult | None:
    problems, difference = [], Decimal(0)
    for line in order.lines:
        stated = stated_amount(line, order.currency)
        if stated is None or stated == line.amount:
            continue
        difference += line.amount - stated
        theirs, ours = _plain(stated_unit_price(line)), _plain(line.unit_price)
        words = f"{line.name}: the order says {theirs}, our price is {ours} {order.currency}."
        problems.append(FieldError(line.pointer("stated_price"), "price_differs", words, "Accept one of the two."))
    if not problems:
        return None
    message = _first_of(problems, "price differs from the purchase order", "prices differ from the purchase order")
    inputs = {"lines": len(problems), "difference": f"{difference} {order.currency}"}
    return _result(Gate.PRICE, Verdict.HOLD, "price_mismatch", message, inputs, problems)


def approval(order: OrderPicture, pending: Sequence[str] = ()) -> Results:
    """Gate 4: nobody's decision is awaited, and nobody put the order on hold by hand. `pending` names what is."""
    if pending:
        message = f"Waits for approval: {', '.join(pending)}."
        return [_result(Gate.APPROVAL, Verdict.HOLD, "approval_pending", message, {"pending": len(pending)})]
    by_hand = [h for h in order.open_holds if Blocks.RELEASE in h.blocks and is_by_hand(h.reason, h.is_forced)]
    if by_hand:
        message = f"On hold by hand: {by_hand[0].message}"
        return [_result(Gate.APPROVAL, Verdict.HOLD, by_hand[0].rule, message, {"holds": len(by_hand)})]
    return [passed(Gate.APPROVAL, "No approval is awaited.")]


def is_by_hand(reason: str, is_forced: bool) -> bool:
    """A hold no rule may clear."""
    return is_forced or reason == HoldReason.MANUAL


def credit(order: OrderPicture, decision: CreditDecision | None) -> Results:
    """Gate 5: credit's decision, with every reason it gave."""
    if decision is None:
        return [_result(Gate.CREDIT, Verdict.HOLD, "credit", "Credit was not checked yet.", {})]
    inputs = {
        "exposure": str(decision.exposure),
        "asked": str(decision.asked),
        "limit": str(decision.limit),
        "available": str(decision.available),
        "currency": decision.currency,
    }
    notes = credit_notes(decision)
    if decision.is_approved:
        message = f"Credit approves the order: {decision.words}." if decision.words else "Credit approves the order."
        return [_result(Gate.CREDIT, Verdict.PASS, "credit", message, inputs, losers=notes)]
    message = " ".join(r.message for r in decision.reasons if r.is_blocking) or "Credit holds the order."
    rule = next((r.rule for r in decision.reasons if r.rule in NOT_WAIVED), "credit")
    return [_result(Gate.CREDIT, Verdict.HOLD, rule, message, inputs, losers=notes)]


def credit_notes(decision: CreditDecision) -> list[Loser]:
    """Every rule's result: what holds, what would hold but does not and why, and what passed as one line."""
    told = []
    for result in decision.results:
        if result.judgement == Judgement.HOLDS:
            told.append(Loser(result.rule, result.message))
        elif result.judgement == Judgement.EXCLUDED:
            level = words(result.level.name).lower()
            told.append(Loser(result.rule, f"{result.message} Switched off by a rule ({level})."))
        elif result.judgement == Judgement.NOTED:
            told.append(Loser(result.rule, f"{result.message} Noted only: not held at this point."))
    passed = [words(r.rule).lower() for r in decision.results if r.judgement == Judgement.PASSES]
    return [*told, Loser("passed", ", ".join(passed))] if passed else told


def ship_complete(order: OrderPicture, account: AccountSnapshot | None, among: frozenset[int] | None = None) -> Results:
    """Gate 7: the account's ship-complete policy and its minimum percentages let at least one line go; `among` the lines
    that are to go first, where not all are."""
    choice = releasable(order, account, among)
    if choice.line_nos:
        return [passed(Gate.SHIP_COMPLETE, choice.message, **choice.inputs)]
    waiting = [Loser(f"line {n}", why) for n, why in choice.refused]
    return [_result(Gate.SHIP_COMPLETE, Verdict.HOLD, choice.rule, choice.message, choice.inputs, losers=waiting)]


def after_waivers(order: OrderPicture, results: Sequence[GateResult], value: Decimal, now: datetime) -> Results:
    """The results, those holds passed that a person waived for this value at this time.

    Nobody waives a missing credit account or exchange rate (NOT_WAIVED).
    """
    waived = {w.rule: w for w in order.waivers if w.covers(value, now) and w.rule not in NOT_WAIVED}
    return [_waived(r, waived[r.rule].by) if r.verdict != Verdict.PASS and r.rule in waived else r for r in results]


def _waived(result: GateResult, by: str) -> GateResult:
    inputs = {**result.explanation.inputs, "waived_by": by}
    message = f"Cleared by {by}: {result.message}"[:600]
    return GateResult(
        result.gate, Verdict.PASS, result.rule, message, Explanation(result.rule, message, inputs), result.problems
    )


def _first_of(problems: Sequence[FieldError], one: str, many: str) -> str:
    count = len(problems)
    return problems[0].message if count == 1 else f"{count} {many}: {problems[0].message}"


def _plain(value: Decimal | None) -> str:
    return "none" if value is None else price_text(value)
