"""Which rules hold for an account: the most specific row of each kind decides (domain.md §4).

A blocking row sets the rule's figure. An exclusion switches off its own rule, for whom it is more specific than every
blocking row. Rows as specific as each other (two groups): blocking beats exclusion, the strictest figure counts.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from credit.states import CheckPoint, Effect, Level, RuleKind

OVERDUE_DAYS = Decimal(30)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `account_id` or `group_id` or neither says for whom; `value` is days, an amount or a percent."""

    kind: RuleKind
    effect: Effect = Effect.BLOCKING
    level: Level = Level.ALL
    account_id: int | None = None
    group_id: int | None = None
    risk_group: str = ""
    value: Decimal | None = None
    points: frozenset[CheckPoint] = frozenset()

    @property
    def specificity(self) -> tuple[int, bool]:
        return self.level, bool(self.risk_group)

    def is_for(self, account_id: int, group_ids: Collection[int], risk_group: str) -> bool:
        if self.account_id is not None and self.account_id != account_id:
            return False
        if self.group_id is not None and self.group_id not in group_ids:
            return False
        return not self.risk_group or self.risk_group == risk_group

    def is_asked_at(self, point: CheckPoint) -> bool:
        return not self.points or point in self.points


@dataclass(frozen=True, slots=True)
class Ruling:
    """What holds of one kind: its figure, the row it is from, and what switched it off, if anything did."""

    kind: RuleKind
    value: Decimal | None
    level: Level
    excluded_at: Level | None = None

    @property
    def is_excluded(self) -> bool:
        return self.excluded_at is not None


def built_in(*, grace_days: int = 0) -> tuple[Rule, ...]:
    """Every kind holds for everybody; those without a figure measure nothing until a row gives one."""
    figures = {RuleKind.OLDEST_OPEN_ITEM: OVERDUE_DAYS, RuleKind.LIMIT_EXPIRED: Decimal(grace_days)}
    return tuple(Rule(kind, level=Level.BUILT_IN, value=figures.get(kind)) for kind in RuleKind)


def rules_for(
    rules: Iterable[Rule], *, account_id: int, group_ids: Collection[int], risk_group: str
) -> tuple[Rule, ...]:
    """Those of all rows that are about this account."""
    return tuple(rule for rule in rules if rule.is_for(account_id, group_ids, risk_group))


def rulings(rules: Iterable[Rule], *, point: CheckPoint) -> Mapping[RuleKind, Ruling]:
    """What holds at this check point, of rows that are all about one account."""
    by_kind: dict[RuleKind, list[Rule]] = {}
    for rule in rules:
        if rule.is_asked_at(point):
            by_kind.setdefault(rule.kind, []).append(rule)
    return {kind: ruling for kind in RuleKind if (ruling := _ruling(kind, by_kind.get(kind, []))) is not None}


def _ruling(kind: RuleKind, rows: Iterable[Rule]) -> Ruling | None:
    blocking = [row for row in rows if row.effect == Effect.BLOCKING]
    excluding = [row for row in rows if row.effect == Effect.EXCLUSION]
    if not blocking:
        return None
    top = max(row.specificity for row in blocking)
    deciding = [row for row in blocking if row.specificity == top]
    figures = [row.value for row in deciding if row.value is not None]
    beaten = [row for row in excluding if row.specificity > top]
    excluded_at = max(beaten, key=lambda row: row.specificity).level if beaten else None
    return Ruling(kind, min(figures) if figures else None, deciding[0].level, excluded_at)
