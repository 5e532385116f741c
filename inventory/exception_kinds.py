"""What can go wrong with a promise. Hours are business hours (domain.md §11)."""

from exceptions_app.kinds import KindSpec, declare
from exceptions_app.severity import Steps, as_declared

PROMISE_MOVED = KindSpec(
    code="promise_moved",
    label="Promise moved",
    owner_queue="cs",
    severity="high",
    severity_rule=Steps(late_days=3),
    respond_minutes=120,
    resolve_minutes=240,
    description="A date that was promised cannot be kept. Tell the customer, or find other stock.",
)
CLAIMS_GAVE_WAY = KindSpec(
    code="claims_gave_way",
    label="Promised stock is gone",
    owner_queue="planner",
    severity="high",
    respond_minutes=120,
    resolve_minutes=240,
    description="Stock that was promised turned out not to be there or not to be good. The orders are allocated again.",
)
ALLOCATION_CONFLICT = KindSpec(
    code="allocation_conflict",
    label="Allocation conflict",
    owner_queue="planner",
    severity="high",
    respond_minutes=120,
    resolve_minutes=240,
    description="A run took stock from orders it had been promised to. Look for other stock, or agree on new dates.",
)
TRANSFER_SHORT = KindSpec(
    code="transfer_short",
    label="Transfer arrived short",
    owner_queue="warehouse",
    severity="medium",
    respond_minutes=240,
    resolve_minutes=960,
    description="Less arrived than was sent. Look for the rest; close the transfer when it is lost.",
)
COUNT_PENDING = KindSpec(
    code="count_pending",
    label="Counted less than the warehouse holds",
    owner_queue="warehouse",
    severity="high",
    respond_minutes=60,
    resolve_minutes=240,
    description="A count found fewer units than are released or picked. Confirm the pick short, then count again.",
)
LOT_RECALLED = KindSpec(
    code="lot_recalled",
    label="Recalled lot was claimed",
    owner_queue="quality",
    severity="critical",
    severity_rule=as_declared,
    respond_minutes=60,
    resolve_minutes=120,
    description="An order held stock of a recalled lot. What was free is blocked; stop what is being picked.",
)
LOT_EXPIRED = KindSpec(
    code="lot_expired",
    label="Lot expired in stock",
    owner_queue="quality",
    severity="medium",
    severity_rule=as_declared,
    respond_minutes=60,
    resolve_minutes=120,
    description="Stock went past its expiry date. Scrap it; stop what is being picked of it.",
)
FILL_UP_DISPUTED = KindSpec(
    code="fill_up_disputed",
    label="Fill-up disputed",
    owner_queue="warehouse",
    severity="medium",
    respond_minutes=240,
    resolve_minutes=960,
    description="A rep or customer says another number came than was sent. Look who is right, or let the site be counted.",
)
CONSIGNMENT_VARIANCE = KindSpec(
    code="consignment_variance",
    label="Trunk or consignment variance",
    owner_queue="cs",
    severity="medium",
    respond_minutes=480,
    resolve_minutes=2400,
    description="A count of stock in the field found another number. Ask for usages nobody recorded, bill those.",
)
FIELD_EXPIRY = KindSpec(
    code="field_expiry",
    label="Lot expires in the field",
    owner_queue="rep",
    severity="medium",
    respond_minutes=960,
    resolve_minutes=2400,
    least_resolutions=1,
    why_fewer="who uses it first does so without us, and the case ends by itself",
    description="A lot in a trunk or on consignment is near its expiry. Use it first, or bring it back to a center.",
)
declare(FILL_UP_DISPUTED, CONSIGNMENT_VARIANCE, FIELD_EXPIRY)
PROMISE_LOST = KindSpec(
    code="promise_lost",
    label="Promise lost",
    owner_queue="cs",
    severity="critical",
    respond_minutes=120,
    resolve_minutes=240,
    description="Nothing known can keep what was promised: there is no new date. Find other stock, or tell the customer.",
)
LATE_SUPPLY = KindSpec(
    code="late_supply",
    label="Late supply",
    owner_queue="cs",
    severity="high",
    severity_rule=Steps(late_days=3),
    respond_minutes=120,
    resolve_minutes=240,
    description="Supply has not come on its day, and somebody waits for it. Ask the supplier, or serve them otherwise.",
)
declare(PROMISE_LOST, LATE_SUPPLY)
declare(PROMISE_MOVED, CLAIMS_GAVE_WAY, ALLOCATION_CONFLICT, TRANSFER_SHORT, COUNT_PENDING, LOT_RECALLED, LOT_EXPIRED)
