"""Which suggested action comes first."""

from dataclasses import dataclass
from decimal import Decimal

NEVER = 9999  # days late of what the customer does not get at all


@dataclass(frozen=True)
class Effect:
    """What an action would do, before it is done.

    `text` is for people ("keeps 28 Nov, −$41 margin"); `money_effect` is gained (> 0) or given away (< 0) in the
    case's currency; `days_late` is how many days after the day asked for the customer has the last of what
    waits (`NEVER`: part of it has no date), whatever part the action itself serves; about supply, how late that comes. An
    impossible action says why in `why_not`.
    """

    text: str
    money_effect: Decimal = Decimal(0)
    days_late: int = 0
    is_possible: bool = True
    why_not: str = ""


@dataclass(frozen=True)
class Suggestion:
    code: str
    label: str
    effect: Effect


def ranked(suggestions: list[Suggestion]) -> list[Suggestion]:
    """Possible ones first; the customer's date before our money; then by code, so that the order is always the same."""
    return sorted(
        suggestions, key=lambda s: (not s.effect.is_possible, s.effect.days_late, -s.effect.money_effect, s.code)
    )
