"""Words and tones of an order's states on the console; a colour means a state."""

from datetime import date

from django.utils.html import format_html
from django.utils.safestring import SafeString

from inventory.rules.asks import PromiseSlice
from orders.rules.progress import FULL, NONE, PARTIAL
from orders.rules.standing import Standing
from orders.states import OrderStatus

TONES: dict[str, str] = {
    OrderStatus.DRAFT: "neutral",
    OrderStatus.SUBMITTED: "info",
    OrderStatus.CLOSED: "ok",
    OrderStatus.CANCELLED: "neutral",
    "held": "hold",
    FULL: "ok",
    PARTIAL: "warn",
}
PARTS = {NONE: "nothing yet", PARTIAL: "in part", FULL: "all of it"}


def pill(text: str, tone: str) -> SafeString:
    return format_html('<span class="pill tone-{}">{}</span>', tone, text)


def hold_pill(count: int) -> SafeString:
    return pill("On hold" if count == 1 else f"{count} holds", "hold")


def day(value: date | None) -> str:
    """ "28 Nov" this side of a year, with the year beyond it."""
    return "no date yet" if value is None else f"{value.day} {value:%b %Y}"


def slips(slices: tuple[PromiseSlice, ...]) -> list[str]:
    """Why what comes later than it was first promised does: "first promised 3 Dec 2026: the delivery …", each once."""
    late = [s for s in slices if s.first_delivery_date and (s.delivery_date or date.max) > s.first_delivery_date]
    said = [f"first promised {day(s.first_delivery_date)}{f': {s.slip_cause}' if s.slip_cause else ''}" for s in late]
    return list(dict.fromkeys(said))


def standing_pill(standing: Standing) -> SafeString:
    """The one wording of every door."""
    return pill(standing.words, standing.tone)
