"""What gates 1 to 5 mean for goods that were used already: whatever would refuse an order only holds its invoice."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.errors import FieldError
from core.explain import Explanation
from orders.rules.asks import GateResult
from orders.rules.gates import PO_TO_FOLLOW, passed
from orders.states import Gate, Verdict

PO_NUMBER = "/po_number"


def cannot_bill(results: Iterable[GateResult]) -> tuple[FieldError, ...]:
    """What keeps any order from being made: no price, no product, an amount that cannot be written."""
    return tuple(p for r in results if r.gate == Gate.PRICE and r.verdict == Verdict.REJECT for p in r.problems)


def for_usage(results: Sequence[GateResult], *, awaited: str) -> tuple[GateResult, ...]:
    """The same results, with the purchase order `awaited` (its words; empty: none is) as a hold of its own."""
    found = [_without_po_number(r) if awaited else r for r in results]
    if awaited:
        found.append(GateResult(Gate.DATA, Verdict.HOLD, PO_TO_FOLLOW, awaited, Explanation(PO_TO_FOLLOW, awaited)))
    return tuple(found)


def _without_po_number(result: GateResult) -> GateResult:
    """A missing PO number is what is awaited: it is said once."""
    if result.gate != Gate.DATA or all(p.pointer != PO_NUMBER for p in result.problems):
        return result
    left = tuple(p for p in result.problems if p.pointer != PO_NUMBER)
    return replace(result, problems=left, message=left[0].message) if left else passed(Gate.DATA, "All but the PO.")
