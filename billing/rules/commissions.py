"""Who gets what of a sale, and where a commission stands. Source: domain.md §10."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.states import CommissionStep
from core.money import EXACT, round_amount, split_amount

ZERO, HUNDRED = Decimal(0), Decimal(100)
_MARGIN = re.compile(r" from -?[0-9.]+ % margin")


@dataclass(frozen=True)
class Rate:
    """A row of a plan version's table. None: any."""

    percent: Decimal
    kind: str = "revenue"
    product_id: int | None = None
    category_id: int | None = None
    tier_id: int | None = None
    min_margin: Decimal | None = None


@dataclass(frozen=True)
class Sale:
    """An invoice line as commissions see it. `categories`: the product's shelf and those above it, the nearest first."""

    product_id: int
    categories: tuple[int, ...]
    tier_id: int | None
    margin_percent: Decimal | None
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Split:
    rep_id: int
    kind: str
    percent: Decimal


def rate_for(rates: Iterable[Rate], sale: Sale, kind: str) -> Rate | None:
    """The most specific row that fits: the product before the nearest category before any; then the tier; then the
    highest margin reached. A margin nobody knows reaches none."""
    fitting = [(place, rate) for rate in rates if rate.kind == kind and (place := _place(rate, sale)) is not None]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _place(rate: Rate, sale: Sale) -> tuple[int, int, int, Decimal] | None:
    if rate.product_id is not None and rate.product_id != sale.product_id:
        return None
    if rate.category_id is not None and rate.category_id not in sale.categories:
        return None
    if rate.tier_id is not None and rate.tier_id != sale.tier_id:
        return None
    if rate.min_margin is not None and (sale.margin_percent is None or sale.margin_percent < rate.min_margin):
        return None
    nearness = 0 if rate.category_id is None else 1 + len(sale.categories) - sale.categories.index(rate.category_id)
    return (
        int(rate.product_id is not None),
        nearness,
        int(rate.tier_id is not None),
        -HUNDRED * HUNDRED if rate.min_margin is None else rate.min_margin,
    )


def margin_words(rate: Rate) -> str:
    """How the explanation of a commission says that its rate asks for a margin; empty where it asks for none."""
    return "" if rate.min_margin is None else f" from {rate.min_margin.normalize():f} % margin"


def told_to_rep(why: str) -> str:
    """The explanation without the margin that was reached: what we earn of a sale stays in the house."""
    return _MARGIN.sub("", why)


def bases(sale: Sale, splits: Sequence[Split]) -> list[Decimal]:
    """What each split is credited with, in the splits' order. Revenue splits add up to their share of the line to the cent;
    overlays come on top."""
    found: list[Decimal] = [ZERO] * len(splits)
    revenue = [i for i, s in enumerate(splits) if s.kind == "revenue"]
    share = sum((splits[i].percent for i in revenue), ZERO)
    whole = round_amount(sale.amount * share / HUNDRED, sale.currency)
    for i, part in zip(revenue, split_amount(whole, [splits[i].percent for i in revenue], sale.currency), strict=True):
        found[i] = part
    for i, split in enumerate(splits):
        if split.kind != "revenue":
            found[i] = round_amount(sale.amount * split.percent / HUNDRED, sale.currency)
    return found


@dataclass(frozen=True)
class Money:
    """What became of an invoice line: its amount, what was credited of it, and the part (0 to 1 as a pair of amounts) of
    its invoice that was written off."""

    amount: Decimal
    credited: Decimal
    invoice_total: Decimal
    written_off: Decimal
    is_done: bool  # nothing of the invoice is open


def commission(base: Decimal, rate: Decimal, currency: str) -> Decimal:
    return round_amount(EXACT.multiply(base, rate) / HUNDRED, currency)


def remaining(base: Decimal, rate: Decimal, money: Money, currency: str) -> Decimal:
    """The commission on what is left of the sale: without what was credited and what nobody paid."""
    if not money.amount:
        return ZERO
    lost = money.credited
    if money.invoice_total:
        lost += EXACT.divide(EXACT.multiply(money.amount, money.written_off), money.invoice_total)
    kept = max(money.amount - lost, ZERO)
    part = EXACT.divide(EXACT.multiply(EXACT.multiply(base, rate), kept), money.amount * HUNDRED)
    return round_amount(part, currency)


@dataclass(frozen=True)
class Standing:
    """What a rep has of a line: accrued (not paid by the customer yet) and earned (paid out or not)."""

    accrued: Decimal = ZERO
    earned: Decimal = ZERO


@dataclass(frozen=True)
class Move:
    step: CommissionStep
    accrued: Decimal = ZERO
    earned: Decimal = ZERO


def moves(standing: Standing, target: Decimal, *, is_done: bool, is_first: bool) -> list[Move]:
    """What brings a commission to where the invoice is now, so that facts may come twice, late or in any order.

    `target` is the commission on what is left. Less than stands is clawed back, of what is not earned first; more is an
    adjustment. When nothing of the invoice is open, what is accrued is earned.
    """
    found: list[Move] = []
    accrued, earned = standing.accrued, standing.earned
    missing = target - accrued - earned
    if missing > 0:
        found.append(Move(CommissionStep.ACCRUED if is_first else CommissionStep.ADJUSTED, accrued=missing))
        accrued += missing
    elif missing < 0:
        of_accrued = max(missing, -accrued)
        found.append(Move(CommissionStep.CLAWED_BACK, accrued=of_accrued, earned=missing - of_accrued))
        accrued += of_accrued
    if is_done and accrued:
        found.append(Move(CommissionStep.EARNED, accrued=-accrued, earned=accrued))
    return found
