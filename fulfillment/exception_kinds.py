"""What can go wrong between release and delivery."""

from exceptions_app.kinds import KindSpec, declare
from exceptions_app.severity import Steps

SHORT_PICK = KindSpec(
    code="short_pick",
    label="Short pick",
    owner_queue="warehouse",
    severity="high",
    respond_minutes=60,
    resolve_minutes=120,
    description="The picker found less than was released; the rest went back to open and is allocated again.",
)
SHIPPED_OVER_CREDIT = KindSpec(
    code="shipped_over_credit",
    label="Shipped over credit",
    owner_queue="finance",
    severity="high",
    respond_minutes=240,
    resolve_minutes=960,
    description="Goods left while credit did not pass the account. They were picked, so they went; nothing more is released "
    "to it until it pays, or finance makes room.",
)
USAGE_UNBILLED = KindSpec(
    code="usage_unbilled",
    label="Usage is not billed",
    owner_queue="cs",
    severity="high",
    respond_minutes=240,
    resolve_minutes=960,
    least_resolutions=1,
    why_fewer="what was used is owed: nobody gives it away at a click, and what is missing is entered where it belongs",
    description="Goods were used in the field and no order could be made of it. Mend what is missing, then bill it.",
)
DELIVERY_WINDOW_AT_RISK = KindSpec(
    code="delivery_window_at_risk",
    label="Delivery window at risk",
    owner_queue="warehouse",
    severity="high",
    severity_rule=Steps(late_days=2),
    respond_minutes=60,
    resolve_minutes=240,
    description="The customer wants it today or wanted it sooner, and the warehouse has not sent it yet.",
)
UNMATCHED_RETURN = KindSpec(
    code="unmatched_return",
    label="Unmatched return",
    owner_queue="cs",
    severity="medium",
    respond_minutes=240,
    resolve_minutes=960,
    description="More came back than was authorized. It is not in stock and not credited until somebody decides.",
)
RECALL_UNANSWERED = KindSpec(
    code="recall_unanswered",
    label="Recall not answered",
    owner_queue="warehouse",
    severity="high",
    respond_minutes=15,
    resolve_minutes=60,
    least_resolutions=0,
    why_fewer="only the warehouse can say whether it gives the goods back; its answer ends the case",
    description="A released shipment is asked back and the warehouse has not said whether it gives it back.",
)
DELIVERY_LATE = KindSpec(
    code="delivery_late",
    label="Delivery is late",
    owner_queue="warehouse",
    severity="medium",
    severity_rule=Steps(late_days=3),
    respond_minutes=240,
    resolve_minutes=960,
    least_resolutions=0,
    why_fewer="only the carrier knows; the delivery, once reported, ends the case",
    description="It left and the promised day is over, and nobody has reported that it arrived: ask the carrier.",
)
DELIVERY_DAMAGED = KindSpec(
    code="delivery_damaged",
    label="Goods arrived damaged",
    owner_queue="cs",
    severity="high",
    respond_minutes=240,
    resolve_minutes=960,
    least_resolutions=0,
    why_fewer="what comes back, or is sent again, is agreed on with the customer by line, on the return's page",
    description="The customer noted damage at the delivery: agree on a return or a replacement, claim it of the carrier.",
)
DELIVERY_REFUSED = KindSpec(
    code="delivery_refused",
    label="Delivery was refused",
    owner_queue="cs",
    severity="high",
    respond_minutes=240,
    resolve_minutes=960,
    least_resolutions=0,
    why_fewer="the goods come back by themselves and are credited after inspection",
    description="The customer would not take it. The goods are on their way back and are credited after inspection.",
)
VENDOR_SHORT = KindSpec(
    code="vendor_short",
    label="Vendor is short",
    owner_queue="planner",
    severity="high",
    respond_minutes=120,
    resolve_minutes=480,
    description="A vendor confirmed or sent less than it was asked for. The rest is open: serve it otherwise or cancel it.",
)
VENDOR_LATE = KindSpec(
    code="vendor_late",
    label="Vendor confirmed late",
    owner_queue="planner",
    severity="high",
    severity_rule=Steps(late_days=3),
    respond_minutes=120,
    resolve_minutes=480,
    description="A vendor sends later than was promised. The buyer is told the new day: let it come, or serve it otherwise.",
)
declare(
    VENDOR_SHORT, VENDOR_LATE, SHORT_PICK, USAGE_UNBILLED, DELIVERY_WINDOW_AT_RISK, UNMATCHED_RETURN, DELIVERY_LATE,
    DELIVERY_DAMAGED, DELIVERY_REFUSED, RECALL_UNANSWERED, SHIPPED_OVER_CREDIT,
)  # fmt: skip
