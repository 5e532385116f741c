"""What can go wrong between release and delivery."""

from exceptions_app.kinds import KindSpec, declare

SHORT_PICK = KindSpec(
    code="short_pick",
    label="Short pick",
    owner_queue="warehouse",
    severity="high",
    respond_minutes=60,
    resolve_minutes=120,
    description="The picker found less than was released; the rest went back to open and is allocated again.",
)
declare(SHORT_PICK)
