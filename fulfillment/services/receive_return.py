"""The parcel came back: what is in it is counted, not yet judged."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core import journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import is_exact, plain
from core.uow import door_verb
from exceptions_app.services.open_case import open_case
from fulfillment.exception_kinds import UNMATCHED_RETURN
from fulfillment.models import Return, ReturnLine
from fulfillment.services.move_return import find_return, ref_of, step
from fulfillment.states import ReturnStatus

ZERO = Decimal(0)
CAUSE = "more came back than was authorized"


@door_verb
def receive_return(*, return_id: int, quantities: Mapping[int, Decimal], actor: Actor, now: datetime) -> Decimal:
    """Count what came, in base units by return line; lines not named did not come. Returns what was beyond the
    authorized quantity: it is kept apart, in a case, and neither stock nor credit. Nothing is in stock before inspection.

    Raises NotFound, InvalidInput (a line of another return, no quantity, nothing came), IllegalTransition.
    """
    row = find_return(return_id)
    lines = list(ReturnLine.objects.filter(parent=row).order_by("pk"))
    _refuse_bad(lines, quantities)
    step(row, ReturnStatus.RECEIVED)
    row.received_at = now
    row.save(update_fields=["status", "version", "received_at"])
    beyond: dict[int, Decimal] = {}
    for line in lines:
        came = quantities.get(line.pk, ZERO)
        line.received_qty = min(came, line.authorized_qty or ZERO)
        if came > line.received_qty:
            beyond[line.order_line_id] = beyond.get(line.order_line_id, ZERO) + came - line.received_qty
    ReturnLine.objects.bulk_update(lines, ["received_qty"])
    _tell(row, sum((line.received_qty for line in lines), ZERO), beyond, actor, now)
    return sum(beyond.values(), ZERO)


def _refuse_bad(lines: Sequence[ReturnLine], quantities: Mapping[int, Decimal]) -> None:
    known = {line.pk for line in lines}
    errors = [
        FieldError(f"/quantities/{i}", "not_a_quantity", f"{plain(qty)} is no quantity of a line of this return.")
        for i, qty in quantities.items()
        if i not in known or not is_exact(qty) or qty < 0
    ]
    if not errors and not any(quantities.values()):
        words = "Nothing was received."
        errors.append(FieldError("/quantities", "nothing", words, "Count what came, or close the return."))
    if errors:
        raise InvalidInput(errors)


def _tell(row: Return, received: Decimal, by_line: Mapping[int, Decimal], actor: Actor, now: datetime) -> None:
    """`by_line` is what came beyond what was authorized, by order line."""
    beyond = sum(by_line.values(), ZERO)
    more = f", {plain(beyond)} more than was authorized" if beyond else ""
    words = f"Return {row.number} received: {plain(received)} base units{more}"
    journal.write([journal.Entry(ref_of(row), "received", words)], actor=actor, now=now)
    if beyond:
        open_case(
            UNMATCHED_RETURN.code,
            subject=ref_of(row),
            account_id=row.account_id,
            money_at_risk=ZERO,
            cause_key=CAUSE,
            evidence={"order_lines": {str(i): plain(qty) for i, qty in by_line.items()}},
            summary=f"{plain(beyond)} base units came back that nobody authorized: authorize a return, or send them back.",
            now=now,
        )
