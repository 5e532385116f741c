"""Which hold a gate's result means: its reason, what it blocks, who may clear it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.states import Role
from orders.rules.asks import GateResult
from orders.rules.gates import PO_TO_FOLLOW, PURCHASE_APPROVAL, is_by_hand
from orders.rules.picture import OpenHold
from orders.states import Blocks, Gate, HoldReason, Verdict

REASON_OF: dict[Gate, HoldReason] = {
    Gate.ELIGIBILITY: HoldReason.ELIGIBILITY,
    Gate.DATA: HoldReason.DATA,
    Gate.PRICE: HoldReason.PRICE,
    Gate.APPROVAL: HoldReason.APPROVAL,
    Gate.CREDIT: HoldReason.CREDIT,
}
CLEARABLE_BY: dict[HoldReason, tuple[str, ...]] = {
    HoldReason.CREDIT: (Role.FINANCE, Role.FINANCE_APPROVER),
    HoldReason.PRICE: (Role.PRICING,),
    HoldReason.ELIGIBILITY: (Role.CS_LEAD,),
    HoldReason.DATA: (Role.CS, Role.CS_LEAD),
    HoldReason.APPROVAL: (Role.CS_LEAD,),
    HoldReason.MANUAL: (Role.CS, Role.CS_LEAD),
}


@dataclass(frozen=True, slots=True)
class HandHold:
    """A kind of hold that people place."""

    code: str
    label: str
    reason: HoldReason
    blocks: tuple[str, ...]
    clearable_by: tuple[str, ...]
    description: str = ""


# What a new installation starts with; rows of the same code take their place.
BY_HAND: tuple[HandHold, ...] = (
    HandHold(
        "credit",
        "Credit",
        HoldReason.CREDIT,
        (Blocks.RELEASE,),
        CLEARABLE_BY[HoldReason.CREDIT],
        "Finance stops the order whatever the figures say; no rule lets it go",
    ),
    HandHold(
        "fraud",
        "Suspected fraud",
        HoldReason.MANUAL,
        tuple(Blocks),
        (Role.CS_LEAD, Role.FINANCE_APPROVER),
        "Nothing moves until somebody has looked",
    ),
    HandHold(
        "manual",
        "By hand",
        HoldReason.MANUAL,
        (Blocks.RELEASE,),
        CLEARABLE_BY[HoldReason.MANUAL],
        "The customer asked us to wait",
    ),
    HandHold(
        "quality",
        "Quality",
        HoldReason.MANUAL,
        (Blocks.RELEASE, Blocks.PICK, Blocks.SHIP),
        (Role.CS_LEAD, Role.PLANNER),
        "The goods may be wrong",
    ),
)


@dataclass(frozen=True, slots=True)
class HoldSpec:
    reason: HoldReason
    rule: str
    blocks: tuple[str, ...]
    clearable_by: tuple[str, ...]
    result: GateResult

    @property
    def is_forced(self) -> bool:
        """No rule clears it: the purchase order does, the customer's company, or a person."""
        return self.rule in (PO_TO_FOLLOW, PURCHASE_APPROVAL)


def holds_for(results: Iterable[GateResult]) -> list[HoldSpec]:
    """The holds these results mean; what stops gates 6 to 9 is "not yet", not a hold."""
    found: dict[tuple[str, str], HoldSpec] = {}
    for result in results:
        reason = REASON_OF.get(result.gate)
        if result.verdict == Verdict.PASS or reason is None:
            continue
        clearers = () if result.rule == PURCHASE_APPROVAL else CLEARABLE_BY[reason]
        spec = HoldSpec(reason, result.rule, (Blocks.RELEASE,), clearers, result)
        found.setdefault((spec.reason, spec.rule), spec)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Refresh:
    """What becomes of an order's holds after its gates were looked at again."""

    place: tuple[HoldSpec, ...]
    clear: tuple[OpenHold, ...]


def refresh(open_holds: Sequence[OpenHold], results: Sequence[GateResult], gates: Iterable[Gate]) -> Refresh:
    """New holds for what fails now; holds of the gates looked at whose rule passes now are cleared, but never those
    a person placed or forced."""
    looked_at = {REASON_OF[g] for g in gates if g in REASON_OF}
    failing = {(s.reason, s.rule): s for s in holds_for(results)}
    present = {(h.reason, h.rule) for h in open_holds}
    by_hand = {h.rule for h in open_holds if is_by_hand(h.reason, h.is_forced)}
    place = tuple(s for k, s in failing.items() if k not in present and s.rule not in by_hand)
    clear = tuple(
        h
        for h in open_holds
        if h.reason in looked_at and (h.reason, h.rule) not in failing and not is_by_hand(h.reason, h.is_forced)
    )
    return Refresh(place, clear)


def is_by_rule(hold: OpenHold) -> bool:
    """Credit's own: whoever made room clears it, and its order keeps its place in the queue for stock."""
    return hold.reason == HoldReason.CREDIT and not hold.is_forced


def is_blocked(open_holds: Iterable[OpenHold]) -> bool:
    """A person said that the order gets no stock: it comes last. What credit's rules hold keeps its rank, softly."""
    return any(Blocks.ALLOCATE in h.blocks and not is_by_rule(h) for h in open_holds)
