"""What can go wrong with an order before it is released. Hours are business hours (domain.md §11)."""

from exceptions_app.kinds import KindSpec, declare

CREDIT_HOLD = KindSpec(
    code="credit_hold",
    label="Credit hold",
    owner_queue="finance",
    severity="high",
    respond_minutes=120,
    resolve_minutes=240,
    description="The order passes the customer's credit line. It is kept and reserved; it does not reach the warehouse.",
)
PRICE_MISMATCH = KindSpec(
    code="price_mismatch",
    label="Price mismatch",
    owner_queue="pricing",
    severity="medium",
    respond_minutes=240,
    resolve_minutes=480,
    description="The purchase order names another price than ours, or ours is below its floor.",
)
ORDER_HOLD = KindSpec(
    code="order_hold",
    label="Order on hold",
    owner_queue="cs",
    severity="medium",
    respond_minutes=120,
    resolve_minutes=480,
    description="A rule or a person keeps the order from going on.",
)
ORDER_UNRESOLVED = KindSpec(
    code="order_unresolved",
    label="Unknown parts",
    owner_queue="cs",
    severity="medium",
    respond_minutes=120,
    resolve_minutes=480,
    description="Lines name parts nobody here knows. Match them to products; the order is a draft until then.",
)
declare(CREDIT_HOLD, PRICE_MISMATCH, ORDER_HOLD, ORDER_UNRESOLVED)
