"""When the buyer's own company has to say yes first (domain.md §8, buyer approvals)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.explain import Explanation
from orders.rules.asks import GateResult
from orders.rules.gates import PURCHASE_APPROVAL
from orders.rules.picture import OrderPicture
from orders.states import Channel, Gate, PurchaseRuleKind, Verdict

# Where a customer's people order by themselves. A purchase order that came as a document is the company's word already.
BY_PEOPLE = frozenset({Channel.PORTAL, Channel.API})


@dataclass(frozen=True, slots=True)
class Rule:
    """`amount` for rules of an amount, `product_class` for those of a class."""

    kind: PurchaseRuleKind
    amount: Decimal | None = None
    product_class: str = ""


def reasons(
    order: OrderPicture, rules: Iterable[Rule], *, known_ship_tos: frozenset[int], classes: Mapping[int, str]
) -> list[str]:
    """Why the order waits for its company, by its rules; `classes` are the goods' regulated classes."""
    found = []
    for rule in rules:
        if rule.kind == PurchaseRuleKind.AMOUNT and rule.amount is not None and order.total > rule.amount:
            found.append(f"{order.total:,} {order.currency} is above {rule.amount:,}")
        elif rule.kind == PurchaseRuleKind.NEW_SHIP_TO and _addresses(order) - known_ship_tos:
            found.append("nothing was ever shipped to this address")
        elif rule.kind == PurchaseRuleKind.PRODUCT_CLASS:
            hit = [x.name for x in order.lines if classes.get(x.product_id or 0) == rule.product_class]
            if hit:
                more = f" and {len(hit) - 1} more" if len(hit) > 1 else ""
                found.append(f"{hit[0]}{more} of class {rule.product_class}")
    return found


def _addresses(order: OrderPicture) -> set[int]:
    named = {x.ship_to_id or order.ship_to_id for x in order.lines}
    return {i for i in named if i is not None}


def waiting(why: Iterable[str]) -> GateResult:
    """Gate 4 holds: the company decides, and nobody else."""
    told = list(why)
    message = f"Waits for the company's approval: {'; '.join(told)}."
    explanation = Explanation(PURCHASE_APPROVAL, message, {"reasons": len(told)})
    return GateResult(Gate.APPROVAL, Verdict.HOLD, PURCHASE_APPROVAL, message, explanation)
