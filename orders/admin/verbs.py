"""Button → its one service call. What a person typed arrives as the posted form; the answer is what to tell them."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from accounts.approvals import AuthorityExceeded
from catalog import queries as catalog
from core import clock
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.overrides import Reason, SelfApproval
from core.quantity import BadQuantity, as_quantity, plain
from orders.queries import account_of
from orders.rules.asks import DraftChanges
from orders.rules.requests import Requested
from orders.services.allow_product import allow_product
from orders.services.ask_release import ask_release
from orders.services.ask_terms import ask_terms
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.change_promise import change_promise
from orders.services.clear_hold import clear_hold
from orders.services.close_short import close_short
from orders.services.edit_draft import edit_draft
from orders.services.hold_goods import hold_goods, let_goods_go
from orders.services.override_price import override_price
from orders.services.place_hold import place_hold
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds
from orders.services.reject_hold import reject_hold
from orders.services.rematch_lines import rematch_lines
from orders.services.resolve_line import resolve_line
from orders.services.split_line import split_line
from orders.services.submit import submit
from orders.services.take_substitute import take_substitute
from orders.states import Blocks

Form = Mapping[str, str]
MOST_HOURS = 10_000
REASONS = [
    ("customer_request", "Customer asked"),
    ("customer_paid", "Customer paid or promised to"),
    ("price_agreed", "Price agreed with the customer"),
    ("our_mistake", "Our mistake"),
    ("other", "Other"),
]
BLOCKS = {
    "release": (Blocks.RELEASE,),
    "allocate": (Blocks.ALLOCATE, Blocks.RELEASE),
    "everything": tuple(Blocks),
}


def do_submit(order_id: int, form: Form, actor: Actor) -> str:
    outcome = submit(order_id=order_id, actor=actor, now=clock.now())
    short = sum(1 for line in outcome.lines if line.backordered)
    words = f"{outcome.number} is submitted: {outcome.total:,} {outcome.currency}, {len(outcome.lines)} lines"
    words += f", {short} with a backorder" if short else ""
    return f"{words}. It is on hold: {outcome.holds[0].message}" if outcome.holds else f"{words}."


def do_resolve(order_id: int, form: Form, actor: Actor) -> str:
    sku = form.get("sku", "").strip()
    product_id = catalog.products_by_sku([sku]).get(sku.upper()) if sku else None
    if product_id is None:
        near = ", ".join(found for found, _ in catalog.suggest_skus(sku)) if sku else ""
        remedy = f"Did you mean {near}?" if near else "Look it up under Products."
        raise InvalidInput([FieldError("/sku", "unknown_product", f"There is no product {sku!r}.", remedy)])
    line_no = int(_number(form, "line_no"))
    resolve_line(order_id=order_id, line_no=line_no, product_id=product_id, actor=actor, now=clock.now())
    return f"Line {line_no} is {sku.upper()}."


def do_rematch(order_id: int, form: Form, actor: Actor) -> str:
    outcome = rematch_lines(order_id=order_id, actor=actor, now=clock.now())
    left = f" Still without a product: {', '.join(map(str, outcome.left))}." if outcome.left else ""
    return f"{len(outcome.matched)} lines matched.{left}"


def do_edit(order_id: int, form: Form, actor: Actor) -> str:
    """The header of a draft; an empty field keeps what is there."""
    changes = DraftChanges(
        po_number=form.get("po_number", "").strip() or None,
        ship_to_id=int(_number(form, "ship_to_id")) if form.get("ship_to_id") else None,
        requested_date=_day(form, "requested_date"),
        cancel_after_date=_day(form, "cancel_after_date"),
    )
    version = int(_number(form, "version"))
    edit_draft(order_id=order_id, changes=changes, expected_version=version, actor=actor, now=clock.now())
    return "The draft is changed."


def do_hold_goods(order_id: int, form: Form, actor: Actor) -> str:
    """Keep the goods of a draft from others for so many hours."""
    now, hours = clock.now(), _number(form, "hours")
    if not 0 < hours <= MOST_HOURS:
        words = f"{plain(hours)} is no number of hours."
        raise InvalidInput([FieldError("/hours", "invalid", words, f"Say 1 to {MOST_HOURS}.")])
    held = hold_goods(order_id=order_id, until=now + timedelta(hours=float(hours)), actor=actor, now=now)
    short = f" Not all of line {', '.join(str(x.line_no) for x in held.short)} is free." if held.short else ""
    return f"The goods are held until {held.until:%d %b %Y %H:%M} UTC.{short}"


def do_let_goods_go(order_id: int, form: Form, actor: Actor) -> str:
    if let_goods_go(order_id=order_id, actor=actor, now=clock.now()):
        return "The goods are held no longer."
    return "Nothing was held any more."


def do_hold(order_id: int, form: Form, actor: Actor) -> str:
    """By a type, or by what it is to block."""
    blocks, kind = BLOCKS.get(form.get("blocks", ""), ()), form.get("type_code", "")
    note = form.get("note", "")
    place_hold(order_id=order_id, note=note, blocks=blocks, type_code=kind, actor=actor, now=clock.now())
    return "The order is on hold."


def do_reject(order_id: int, form: Form, actor: Actor) -> str:
    hold_id, note = int(_number(form, "hold_id")), form.get("note", "")
    outcome = reject_hold(hold_id=hold_id, note=note, actor=actor, now=clock.now())
    if outcome.status == "cancelled":
        return f"{outcome.number} is refused and cancelled."
    return f"{len(outcome.cancelled)} lines of {outcome.number} are refused; what is released goes on."


def do_clear(order_id: int, form: Form, actor: Actor) -> str:
    """Within one's authority at once; what is beyond it, or of an order one entered oneself, is asked of a second person."""
    reason, hold_id, now = _why(form), int(_number(form, "hold_id")), clock.now()
    try:
        cleared = clear_hold(
            hold_id=hold_id,
            reason=reason,
            actor=actor,
            now=now,
            ceiling=_number(form, "ceiling") if form.get("ceiling") else None,
            valid_until=_moment(form, "valid_until"),
            deviation_percent=_number(form, "deviation") if form.get("deviation") else None,
        )
    except (AuthorityExceeded, SelfApproval) as refusal:
        asked = ask_release(order_id=order_id, reason=reason, actor=actor, now=now, hold_id=hold_id)
        return f"{refusal.message} {_waits(asked)} for the order as it is."
    return f"The {cleared.reason} hold is cleared; the override is recorded."


def do_ask_release(order_id: int, form: Form, actor: Actor) -> str:
    hold_id = int(_number(form, "hold_id"))
    asked = ask_release(order_id=order_id, reason=_why(form), actor=actor, now=clock.now(), hold_id=hold_id)
    return "The hold is cleared; the override is recorded." if asked.is_applied else f"{_waits(asked)}."


def do_terms(order_id: int, form: Form, actor: Actor) -> str:
    code = form.get("terms_code", "").strip()
    asked = ask_terms(order_id=order_id, terms_code=code, reason=_why(form), actor=actor, now=clock.now())
    if not asked.is_applied:
        return f"{_waits(asked)}: until then the terms stay as they are."
    return f"Payment terms are {code}; they were {asked.was or 'the account’s'}. The override is recorded."


def _waits(asked: Requested) -> str:
    return f"It waits for approval {', '.join(map(str, asked.approvals))}"


def do_recheck(order_id: int, form: Form, actor: Actor) -> str:
    outcome = reevaluate_credit_holds(account_id=account_of(order_id) or 0, actor=actor, now=clock.now())
    return f"Credit looked again: {len(outcome.cleared)} orders let go, {len(outcome.still_held)} still held."


def do_price(order_id: int, form: Form, actor: Actor) -> str:
    """Another price for a line, per base unit."""
    line_no, reason = int(_number(form, "line_no")), _why(form)
    change = override_price(
        order_id=order_id, prices={line_no: _price(form)}, reason=reason, actor=actor, now=clock.now()
    )
    worth = f"{change.effect:+,} {change.currency} against the contract price"
    if change.is_applied:
        return f"Line {line_no} has the new price: {worth}. The override is recorded."
    return f"The price waits for approval {change.approval_id}: {worth}."


def _price(form: Form) -> Decimal:
    text = form.get("unit_price", "").strip()
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite():
        raise InvalidInput([FieldError("/unit_price", "invalid", f"{text[:40]!r} is not a price.")])
    return price


def do_cancel(order_id: int, form: Form, actor: Actor) -> str:
    outcome = cancel_order(order_id=order_id, reason=_reason(form), actor=actor, now=clock.now())
    if outcome.status == "cancelled":
        return f"{outcome.number} is cancelled."
    return f"{len(outcome.cancelled)} lines of {outcome.number} are cancelled; what is released goes on."


def do_cancel_line(order_id: int, form: Form, actor: Actor) -> str:
    qty = _number(form, "qty") if form.get("qty") else None
    line_no = int(_number(form, "line_no"))
    outcome = cancel_lines(
        order_id=order_id, quantities={line_no: qty}, reason=_reason(form), actor=actor, now=clock.now()
    )
    return f"{outcome.cancelled.get(line_no, 0):f} of line {line_no} are cancelled."


def do_substitute(order_id: int, form: Form, actor: Actor) -> str:
    taken = take_substitute(
        order_id=order_id,
        line_no=int(_number(form, "line_no")),
        product_id=int(_number(form, "product_id")),
        consent=form.get("note", ""),
        is_customer=False,
        actor=actor,
        now=clock.now(),
    )
    return f"{taken.qty:f} of {taken.sku} are line {taken.line_no} now, {taken.reserved:f} of them reserved."


def do_split(order_id: int, form: Form, actor: Actor) -> str:
    line_no = int(_number(form, "line_no"))
    done = split_line(order_id=order_id, line_no=line_no, reason=form.get("note", ""), actor=actor, now=clock.now())
    return f"Line {line_no} is split: the {plain(done.qty)} that wait are line {done.new_line_no}. The override is recorded."


def do_promise(order_id: int, form: Form, actor: Actor) -> str:
    """Another day for what is open of a line."""
    line_no, reason, day = int(_number(form, "line_no")), _why(form), _day(form, "day")
    if day is None:
        raise InvalidInput([FieldError("/day", "required", "Say which day is promised.")])
    change = change_promise(order_id=order_id, line_no=line_no, day=day, reason=reason, actor=actor, now=clock.now())
    was = f"it was {change.was}" if change.was else "it had no day"
    worth = f", {change.effect:+,} {change.currency} in penalties of the contract" if change.effect else ""
    if change.is_applied:
        return f"Line {line_no} is promised for {change.day}; {was}{worth}. The override is recorded."
    return f"The day waits for approval {change.approval_id}; {was}{worth}."


def do_allow(order_id: int, form: Form, actor: Actor) -> str:
    """A product the customer is not authorized for, on this order."""
    line_no = int(_number(form, "line_no"))
    done = allow_product(order_id=order_id, line_no=line_no, reason=_why(form), actor=actor, now=clock.now())
    if done.is_applied:
        return f"Line {line_no} is allowed on this order, against {', '.join(done.rules)}. The override is recorded."
    return f"Line {line_no} waits for approval {done.approval_id}: {done.worth:,} {done.currency}."


def do_close_short(order_id: int, form: Form, actor: Actor) -> str:
    line_no = int(_number(form, "line_no"))
    outcome = close_short(order_id=order_id, line_no=line_no, reason=_reason(form), actor=actor, now=clock.now())
    return f"Line {line_no} is closed short: {outcome.cancelled.get(line_no, 0):f} are not sent any more."


def _why(form: Form) -> Reason:
    """Why a rule is set aside: a reason of the list, by which overrides are counted, and a person's words."""
    code = form.get("reason", "") or "other"
    if code not in dict(REASONS):
        words = f"{code[:40]!r} is no reason of the list."
        raise InvalidInput([FieldError("/reason", "unknown", words, "Choose one of the list.")])
    return Reason(code, form.get("note", ""))


def _reason(form: Form) -> str:
    reason = form.get("note", "").strip()
    if not reason:
        raise InvalidInput([FieldError("/note", "required", "Say why.", "The customer reads it.")])
    return reason


def _number(form: Form, name: str) -> Decimal:
    try:
        return as_quantity(form.get(name, ""))
    except (BadQuantity, InvalidOperation) as error:
        raise InvalidInput([FieldError(f"/{name}", "invalid", f"{name}: {error}.")]) from error


def _moment(form: Form, name: str) -> datetime | None:
    """The end of the day a person chose, in UTC."""
    text = form.get(name, "")
    if not text:
        return None
    try:
        return datetime.fromisoformat(f"{text}T23:59:59+00:00")
    except ValueError as error:
        raise InvalidInput([FieldError(f"/{name}", "invalid", f"{text} is not a date.")]) from error


def _day(form: Form, name: str) -> date | None:
    text = form.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput([FieldError(f"/{name}", "invalid", f"{text} is not a date.")]) from error


VERBS: dict[str, Callable[[int, Form, Actor], str]] = {
    "submit": do_submit,
    "edit": do_edit,
    "resolve": do_resolve,
    "rematch": do_rematch,
    "hold": do_hold,
    "hold-goods": do_hold_goods,
    "let-goods-go": do_let_goods_go,
    "clear": do_clear,
    "ask-release": do_ask_release,
    "recheck": do_recheck,
    "terms": do_terms,
    "reject": do_reject,
    "price": do_price,
    "cancel": do_cancel,
    "cancel-line": do_cancel_line,
    "close-short": do_close_short,
    "split": do_split,
    "promise": do_promise,
    "allow": do_allow,
    "substitute": do_substitute,
}
