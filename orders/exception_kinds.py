"""What goes wrong with orders, who owns it and how fast (domain.md §11; minutes are business minutes)."""

from exceptions_app.kinds import KindSpec, declare
from exceptions_app.severity import Steps

CREDIT_HOLD = "credit_hold"
PRICE_MISMATCH = "price_mismatch"
UNRESOLVED_LINES = "unresolved_lines"
ORDER_HOLD = "order_hold"
ORDER_STUCK = "order_stuck"
AGED_CREDIT_HOLD = "aged_credit_hold"
AGED_BACKORDER = "aged_backorder"
CANCEL_DATE_AT_RISK = "cancel_date_at_risk"
USAGE_WITHOUT_PO = "usage_without_po"

CASE_OF_REASON = {
    "credit": CREDIT_HOLD,
    "price": PRICE_MISMATCH,
    "eligibility": ORDER_HOLD,
    "data": ORDER_HOLD,
    "approval": ORDER_HOLD,
    "manual": ORDER_HOLD,
}

declare(
    KindSpec(
        USAGE_WITHOUT_PO,
        "Usage without PO",
        owner_queue="rep",
        severity="medium",
        respond_minutes=480,
        resolve_minutes=48 * 60,
        least_resolutions=1,
        why_fewer="the number is typed on the order's page and ends the case; the one click is to do without it",
        description="Goods were used and the purchase order is to follow. Get its number; the invoice waits for it.",
        then_queue="cs",
    ),
    KindSpec(
        CREDIT_HOLD,
        "Credit hold",
        owner_queue="finance",
        severity="high",
        respond_minutes=120,
        resolve_minutes=240,
        description="Credit holds the order. Check it again after a payment, or clear the hold with a ceiling.",
    ),
    KindSpec(
        PRICE_MISMATCH,
        "Price mismatch",
        owner_queue="pricing",
        severity="medium",
        respond_minutes=240,
        resolve_minutes=480,
        description="The customer's price and ours differ, or a price is below its floor. Accept one of the two.",
    ),
    KindSpec(
        UNRESOLVED_LINES,
        "Lines without a product",
        owner_queue="cs",
        severity="medium",
        respond_minutes=120,
        resolve_minutes=240,
        description="The order names goods nobody could match. Match each line, then submit the order.",
    ),
    KindSpec(
        ORDER_HOLD,
        "Order on hold",
        owner_queue="cs",
        severity="medium",
        respond_minutes=240,
        resolve_minutes=480,
        description="The order may not go on. The hold says why and who may clear it.",
    ),
    KindSpec(
        ORDER_STUCK,
        "Order stuck",
        owner_queue="cs",
        severity="medium",
        respond_minutes=240,
        resolve_minutes=960,
        description="The order has not moved although nothing holds it.",
    ),
)

declare(
    KindSpec(
        AGED_CREDIT_HOLD,
        "Credit hold is old",
        owner_queue="finance",
        severity="high",
        respond_minutes=120,
        resolve_minutes=240,
        description="Credit has held the order for days. Release it with a ceiling, lend a limit, or cancel.",
    ),
    KindSpec(
        AGED_BACKORDER,
        "Backorder is old",
        owner_queue="planner",
        severity="medium",
        severity_rule=Steps(late_days=21),
        respond_minutes=480,
        resolve_minutes=1440,
        description="The day the customer asked for passed a week ago and part of the order still waits for stock.",
    ),
    KindSpec(
        CANCEL_DATE_AT_RISK,
        "Cancel date at risk",
        owner_queue="cs",
        severity="high",
        respond_minutes=120,
        resolve_minutes=480,
        description="The customer takes nothing after a day that the promise does not keep. Ship in part, or ask them.",
    ),
)
