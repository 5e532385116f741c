"""Commission splits: on every day that has a revenue split, the revenue splits of the account total 100."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.rules.asks import RepSplit
from accounts.states import SplitKind
from core.errors import FieldError

WHOLE = Decimal(100)


@dataclass(frozen=True)
class SplitSpec:
    """A row of the table of splits."""

    rep_id: int
    percent: Decimal
    kind: SplitKind = SplitKind.REVENUE


def revenue_total(splits: Sequence[SplitSpec | RepSplit]) -> Decimal:
    return sum((split.percent for split in splits if split.kind == SplitKind.REVENUE), Decimal(0))


def is_whole(splits: Sequence[SplitSpec | RepSplit]) -> bool:
    """Nobody sells, or those who do share 100. Overlays do not count."""
    return revenue_total(splits) in (0, WHOLE)


def split_problems(splits: Sequence[SplitSpec]) -> list[FieldError]:
    """What is wrong with single rows; the total is the verb's refusal."""
    return [problem for row, split in enumerate(splits) if (problem := _problem(row, split, splits[:row]))]


def _problem(row: int, split: SplitSpec, earlier: Sequence[SplitSpec]) -> FieldError | None:
    if not (0 < split.percent <= WHOLE) or split.percent != round(split.percent, 2):
        message = f"{split.percent} is not a share: more than 0, at most 100, two decimals."
        return FieldError(f"/splits/{row}/percent", "percent", message)
    if any((other.rep_id, other.kind) == (split.rep_id, split.kind) for other in earlier):
        return FieldError(f"/splits/{row}/rep", "duplicate", f"This rep has a {split.kind} share already.")
    return None


@dataclass(frozen=True)
class Stretch:
    """Days over which a table of splits is not whole."""

    start: date
    end: date | None
    total: Decimal

    def __str__(self) -> str:
        return f"{self.total} from {self.start}" + (f" until {self.end}" if self.end else " on")
