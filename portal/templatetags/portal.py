"""Words and signs for templates: icons, state pills, money, quantities, days."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock
from core.money import round_amount
from core.quantity import plain

register = template.Library()

SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "CA$": "CAD"}
SIGN_OF = {code: sign for sign, code in SIGNS.items()}
TONE_OF_LEVEL = {
    "success": ("ok", "check-circle"),
    "warning": ("warn", "alert"),
    "error": ("bad", "alert"),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative sign from the sprite; the word beside it carries the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def pill(tone: str, symbol: str, words: Any) -> SafeString:
    """A state: icon, word and colour together."""
    return format_html('<span class="pill tone-{}">{}{}</span>', tone, icon(symbol), words)


@register.simple_tag
def banner(level: str, text: Any) -> SafeString:
    """A message above the page; it stays until the next page."""
    tone, symbol = TONE_OF_LEVEL.get(level, ("info", "info"))
    role = "alert" if tone == "bad" else "status"
    return format_html(
        '<div class="banner tone-{}" role="{}">{}<div><p>{}</p></div></div>', tone, role, icon(symbol), text
    )


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """Two decimals or whatever the currency has, thousands marked, no sign: for columns ("4,680.00")."""
    return "" if value is None else f"{round_amount(value, currency):,}".replace("-", "−")


@register.filter
def money(value: Decimal | None, currency: str) -> str:
    """With the currency: "$6,713.80", "−$842.10", "120.00 CHF"."""
    if value is None:
        return ""
    text, minus = f"{round_amount(abs(value), currency):,}", "−" if value < 0 else ""
    sign = SIGN_OF.get(currency)
    return f"{minus}{sign}{text}" if sign else f"{minus}{text} {currency}"


@register.filter
def price(value: Decimal | None, currency: str) -> str:
    """A unit price: at least the currency's decimals, more only where they are there ("11.95", "0.0125")."""
    if value is None:
        return ""
    rounded = round_amount(value, currency)
    return f"{rounded:,}" if rounded == value else f"{value.normalize():,f}"


@register.filter
def qty(value: Decimal | None) -> str:
    return "" if value is None else _grouped(plain(value))


@register.filter
def day(value: date | datetime | None, time_zone: str = "UTC") -> str | SafeString:
    """ "28 Nov", with the year where it is not this one; the full date in the `datetime` attribute."""
    return _time(value, time_zone, with_clock=False)


@register.filter
def moment(value: datetime | None, time_zone: str = "UTC") -> str | SafeString:
    """ "17 Nov 09:12" on the customer's clock."""
    return _time(value, time_zone, with_clock=True)


@register.simple_tag
def request_id() -> str:
    """The number under which the logs keep this request."""
    return str(structlog.contextvars.get_contextvars().get("request_id", "-"))


def short_day(value: date) -> str:
    return f"{value.day} {value:%b}"


def _time(value: date | datetime | None, time_zone: str, *, with_clock: bool) -> str | SafeString:
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(time_zone)) if isinstance(value, datetime) else value
    this_year = clock.now().year
    words = f"{local.day} {local:%b}" if local.year == this_year else f"{local.day} {local:%b %Y}"
    if with_clock and isinstance(local, datetime):
        words += f" {local:%H:%M}"
    return format_html(
        '<time datetime="{}" title="{} {} {}">{}</time>',
        local.isoformat(),
        local.day,
        f"{local:%B}",
        local.year,
        words,
    )


def _grouped(text: str) -> str:
    whole, dot, rest = text.partition(".")
    return f"{int(whole):,}{dot}{rest}"
