"""Which sourcing rule decides for a demand: the most specific that matches (domain.md §7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from inventory.states import Fulfilment, Hardness


@dataclass(frozen=True)
class Rule:
    """`sites` are codes, the preferred first; () is every general site. None and "" match anything."""

    rule_id: int
    name: str
    account_id: int | None = None
    product_id: int | None = None
    category_id: int | None = None
    region: str = ""
    fulfilment: str = ""
    sites: tuple[str, ...] = ()
    max_shipments: int | None = None
    ship_complete: str = ""
    min_shelf_life_days: int = 0
    max_distance_km: int | None = None
    distance: str = Hardness.OFF
    cutoff: str = Hardness.OFF
    capacity: str = Hardness.OFF
    joins_inbound: bool = False  # waits for supply on its way where that is on time and saves a shipment


@dataclass(frozen=True)
class Scope:
    """What a demand is, as rules see it. `category_ids`: the product's category and all above it, the nearest first."""

    account_id: int | None
    product_id: int
    category_ids: tuple[int, ...] = ()
    region: str = ""
    fulfilment: str = Fulfilment.ORDER


def most_specific(rules: Iterable[Rule], scope: Scope) -> Rule | None:
    """Account before product, product before the nearest category, then region, then fulfilment; then the first made."""
    fitting = [(specificity(rule, scope), -rule.rule_id, rule) for rule in rules if matches(rule, scope)]
    return max(fitting)[2] if fitting else None


def matches(rule: Rule, scope: Scope) -> bool:
    return (
        (rule.account_id is None or rule.account_id == scope.account_id)
        and (rule.product_id is None or rule.product_id == scope.product_id)
        and (rule.category_id is None or rule.category_id in scope.category_ids)
        and rule.region.lower() in ("", scope.region.lower())  # people's words: capitals do not tell two apart
        and rule.fulfilment in ("", scope.fulfilment)
    )


def specificity(rule: Rule, scope: Scope) -> tuple[bool, int, bool, bool]:
    """Larger is more specific; of a rule that matches."""
    depth = 0
    if rule.product_id is not None:
        depth = len(scope.category_ids) + 1
    elif rule.category_id is not None:
        depth = len(scope.category_ids) - scope.category_ids.index(rule.category_id)
    return rule.account_id is not None, depth, bool(rule.region), bool(rule.fulfilment)
