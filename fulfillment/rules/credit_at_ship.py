"""What credit says of an account when its goods leave: kept with the shipment, told to finance, never a reason to stay."""

from typing import Any

from credit.rules.asks import CreditDecision


def as_kept(look: CreditDecision) -> dict[str, Any]:
    """The look as the shipment's history keeps it."""
    return {
        "passes": not look.reasons,
        "sum": look.words,
        "reasons": {reason.rule: reason.message for reason in look.reasons},
    }


def in_words(look: CreditDecision) -> str:
    return " ".join(reason.message for reason in look.reasons)
