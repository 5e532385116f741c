from enum import StrEnum


class PriceLevel(StrEnum):
    """Where a price comes from, most binding first: the first level that has one wins (domain.md §3)."""

    OVERRIDE = "override"
    QUOTE = "quote"
    ACCOUNT = "account"
    GROUP = "group"
    SEGMENT = "segment"
    LIST = "list"


PRECEDENCE: dict[str, int] = {level: rank for rank, level in enumerate(PriceLevel)}


class DatePolicy(StrEnum):
    """Which day a source's prices are looked up for."""

    ORDER = "order"  # the day of the order
    SHIP = "ship"  # the day the line is asked to ship; without one, the day of the order
    EARLIER = "earlier"  # of the two


class AdjustmentKind(StrEnum):
    CONTRACT_DISCOUNT = "contract_discount"
    TIERED_DISCOUNT = "tiered_discount"
    PROMOTION = "promotion"
    CHARGE = "charge"


class Method(StrEnum):
    PERCENT = "percent"  # of the price before it
    AMOUNT = "amount"  # per base unit


class Combination(StrEnum):
    """How adjustments that apply to one line go together."""

    EXCLUSIVE = "exclusive"  # the best of these, and no other
    BEST = "best"  # the best of these, beside the compounded
    COMPOUNDED = "compounded"  # each on what the one before it left


class Counts(StrEnum):
    """The quantity that reaches a tier of an adjustment."""

    LINE = "line"
    ORDER = "order"  # all lines of the order the adjustment is about


class Measure(StrEnum):
    """What a volume commitment counts."""

    UNITS = "units"  # base units of one product
    MONEY = "money"  # in the currency of its list or contract
