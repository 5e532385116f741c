"""What can go wrong with a promise. Hours are business hours (domain.md §11)."""

from exceptions_app.kinds import KindSpec, declare

PROMISE_MOVED = KindSpec(
    code="promise_moved",
    label="Promise moved",
    owner_queue="cs",
    severity="high",
    respond_minutes=120,
    resolve_minutes=240,
    description="A date that was promised cannot be kept. Tell the customer, or find other stock.",
)
declare(PROMISE_MOVED)
