"""What a draft must be to be kept: every fault at once, each with where it stands (a JSON Pointer) and what mends it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.rules.asks import AccountSnapshot, ShipToSnapshot
from accounts.states import AccountStatus
from catalog.rules.asks import ProductSnapshot, UnknownUnit
from core.errors import FieldError
from core.money import KEEP_ANOTHER, is_kept, not_kept
from core.quantity import LARGEST, PLACES, BadQuantity, is_multiple, plain
from orders.rules.asks import LineDraft, OrderDraft
from orders.states import Channel

MAX_LINES = 10_000
FIRST_YEAR, LAST_YEAR = 1990, 2199
LINE_TEXTS = {"unit": 10, "stated_code": 80, "stated_description": 300, "external_ref": 80}
ORDER_TEXTS = {"po_number": 60, "release_number": 30, "external_id": 80, "terms_code": 20, "note": 10_000}
LARGEST_PRICE = Decimal("999999999999")
CHANNELS = frozenset(map(str, Channel))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the drafts are checked against, loaded once for all of them."""

    accounts: Mapping[int, AccountSnapshot]
    ship_tos: Mapping[int, ShipToSnapshot]
    products: Mapping[int, ProductSnapshot]


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line that fits: `qty` in base units (as stated while the product is unknown), `unit` as it will be kept."""

    draft: LineDraft
    qty: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Checked:
    draft: OrderDraft
    currency: str
    lines: tuple[CheckedLine, ...]
    errors: tuple[FieldError, ...]


def check_draft(draft: OrderDraft, around: Surroundings, *, prefix: str = "", may_be_empty: bool = False) -> Checked:
    """The draft with its quantities converted, and all that is wrong with it. Pointers start with `prefix`."""
    errors = list(_header_errors(draft, around, prefix))
    if not draft.lines and not may_be_empty:
        errors.append(FieldError(f"{prefix}/lines", "empty", "An order needs at least one line.", "Add a line."))
    if len(draft.lines) > MAX_LINES:
        errors.append(
            FieldError(f"{prefix}/lines", "too_many", f"{len(draft.lines)} lines; at most {MAX_LINES}.", "Split it.")
        )
    lines, line_errors = check_lines(draft.lines, draft.account_id, around, prefix=prefix)
    account = around.accounts.get(draft.account_id)
    currency = draft.currency or (account.currency if account else "")
    return Checked(draft, currency, lines, (*errors, *line_errors))


def check_lines(
    drafts: Sequence[LineDraft], account_id: int, around: Surroundings, *, prefix: str = ""
) -> tuple[tuple[CheckedLine, ...], tuple[FieldError, ...]]:
    checked: list[CheckedLine] = []
    errors: list[FieldError] = []
    numbers: set[int] = set()
    for index, line in enumerate(drafts):
        at = f"{prefix}/lines/{index}"
        if line.line_no < 1 or line.line_no in numbers:
            errors.append(
                FieldError(f"{at}/line_no", "not_unique", f"Line number {line.line_no} is used twice or < 1.")
            )
        numbers.add(line.line_no)
        errors += _line_errors(line, account_id, around, at)
        qty = _base_qty(line, around.products.get(line.product_id or 0), at, errors)
        checked.append(CheckedLine(line, qty, _kept_unit(line, around)))
    return tuple(checked), tuple(errors)


def _header_errors(draft: OrderDraft, around: Surroundings, at: str) -> Iterator[FieldError]:
    account = around.accounts.get(draft.account_id)
    if account is None:
        yield FieldError(f"{at}/account_id", "unknown_account", f"There is no account {draft.account_id}.")
    elif account.status == AccountStatus.CLOSED:
        yield FieldError(f"{at}/account_id", "account_closed", f"Account {account.code} is closed.")
    if draft.channel not in CHANNELS:
        yield FieldError(f"{at}/channel", "unknown_channel", f"{draft.channel!r} is not a channel.")
    if draft.currency and not (len(draft.currency) == 3 and draft.currency.isascii() and draft.currency.isupper()):
        yield FieldError(f"{at}/currency", "invalid", f"{draft.currency!r} is not an ISO currency code.", "Like USD.")
    elif draft.currency and not is_kept(draft.currency):
        yield FieldError(f"{at}/currency", "not_kept", not_kept(draft.currency), KEEP_ANOTHER)
    if draft.ship_to_id is not None:
        yield from _ship_to_errors(draft.ship_to_id, draft.account_id, around, f"{at}/ship_to_id")
    if draft.requested_date and draft.cancel_after_date and draft.cancel_after_date < draft.requested_date:
        message = f"Cancel after {draft.cancel_after_date} is before the requested date {draft.requested_date}."
        yield FieldError(f"{at}/cancel_after_date", "before_requested", message)
    yield from _date_errors(draft, ("requested_date", "cancel_after_date"), at)
    yield from _text_errors(draft, ORDER_TEXTS, at)


def _line_errors(line: LineDraft, account_id: int, around: Surroundings, at: str) -> Iterator[FieldError]:
    if line.product_id is None and not line.stated_code.strip():
        yield FieldError(f"{at}/stated_code", "nothing_named", "The line names neither a product nor a code.")
    elif line.product_id is not None and line.product_id not in around.products:
        yield FieldError(f"{at}/product_id", "unknown_product", f"There is no product {line.product_id}.")
    stated = line.stated_price
    if stated is not None and not (stated.is_finite() and 0 <= stated <= LARGEST_PRICE):
        yield FieldError(f"{at}/stated_price", "negative", f"A price of {line.stated_price} cannot be charged.")
    if line.ship_to_id is not None:
        yield from _ship_to_errors(line.ship_to_id, account_id, around, f"{at}/ship_to_id")
    yield from _date_errors(line, ("requested_date",), at)
    yield from _text_errors(line, LINE_TEXTS, at)


def _ship_to_errors(ship_to_id: int, account_id: int, around: Surroundings, at: str) -> Iterator[FieldError]:
    """Another account's address reads like one that does not exist: existence is not disclosed."""
    ship_to = around.ship_tos.get(ship_to_id)
    if ship_to is None or ship_to.account_id != account_id:
        yield FieldError(at, "unknown_ship_to", f"The account has no ship-to {ship_to_id}.", "Choose one of its own.")
    elif not ship_to.is_active:
        yield FieldError(at, "inactive_ship_to", f"Ship-to {ship_to.code} is no longer used.", "Choose another.")


def _date_errors(values: LineDraft | OrderDraft, names: Sequence[str], at: str) -> Iterator[FieldError]:
    """A year that no calendar of ours reaches is a slip of the keyboard (0026, 20261) or a filler (9999)."""
    for name in names:
        day = getattr(values, name)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            remedy = f"Choose a day from {FIRST_YEAR} to {LAST_YEAR}, or none."
            yield FieldError(f"{at}/{name}", "out_of_calendar", f"{day.isoformat()} is no day to deliver on.", remedy)


def _text_errors(values: LineDraft | OrderDraft, limits: Mapping[str, int], at: str) -> Iterator[FieldError]:
    for name, limit in limits.items():
        text = getattr(values, name)
        if len(text) > limit:
            yield FieldError(f"{at}/{name}", "too_long", f"{len(text)} characters; at most {limit}.")
        if "\x00" in text:
            yield FieldError(f"{at}/{name}", "invalid", "The text holds a NUL character.")


def _base_qty(line: LineDraft, product: ProductSnapshot | None, at: str, errors: list[FieldError]) -> Decimal:
    """The quantity in base units; whatever keeps it from one is added to `errors`."""
    qty = line.qty
    if not qty.is_finite() or qty <= 0:
        errors.append(FieldError(f"{at}/qty", "not_positive", f"A quantity of {qty} asks for nothing.", "Above 0."))
        return qty
    if qty > LARGEST or qty != qty.quantize(PLACES):
        errors.append(FieldError(f"{at}/qty", "does_not_fit", f"{qty} has more than four places or is too large."))
        return qty
    if product is None:
        return qty
    try:
        base = product.to_base(qty, line.unit)
    except UnknownUnit as refusal:
        errors.append(FieldError(f"{at}/unit", "unknown_unit", refusal.message, refusal.remedy))
        return qty
    except BadQuantity as refusal:
        errors.append(FieldError(f"{at}/qty", "does_not_fit", str(refusal)))
        return qty
    errors += _order_rule_errors(base, product, f"{at}/qty")
    return base


def _order_rule_errors(base: Decimal, product: ProductSnapshot, at: str) -> Iterator[FieldError]:
    shown, unit = plain(base), product.base_unit
    if base <= 0:
        yield FieldError(at, "not_positive", f"{shown} {unit} asks for nothing.")
    if not is_multiple(base, product.order_multiple):
        step = plain(product.order_multiple)
        message = f"{shown} {unit} of {product.sku} is not a multiple of {step}."
        yield FieldError(at, "not_a_multiple", message, f"Order in steps of {step} {unit}.")
    if base < product.min_order_qty:
        least = plain(product.min_order_qty)
        yield FieldError(at, "below_minimum", f"{product.sku} is sold from {least} {unit} on.", f"At least {least}.")
    if product.max_order_qty is not None and base > product.max_order_qty:
        most = plain(product.max_order_qty)
        yield FieldError(at, "above_maximum", f"{product.sku}: at most {most} {unit} an order.", f"At most {most}.")


def _kept_unit(line: LineDraft, around: Surroundings) -> str:
    product = around.products.get(line.product_id or 0)
    return line.unit.strip().upper() or (product.base_unit if product else "")
