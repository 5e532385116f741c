"""A customer asks for products they are not authorized for, on one order: nothing is allowed by the asking."""

from collections.abc import Collection
from datetime import datetime

from accounts.approval_queries import ASKED_BY_CUSTOMER
from core import journal, overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb
from orders.allowance_cases import ELIGIBILITY_APPROVAL, AllowanceCase, allowance_cases
from orders.services.allow_product import OrderIsPlaced
from orders.services.ask_second_person import ask_second_person
from orders.states import OrderStatus


@door_verb
def ask_allowance(
    *, order_id: int, line_nos: Collection[int], reason: str, actor: Actor, now: datetime
) -> dict[int, int]:
    """{line number: the approval it waits for}, of a draft. Whoever may set authorizations aside decides; the line may then
    be ordered, if product, quantity and rules are still what was asked about. Asked twice, it is one request.

    Raises NotFound, NothingForbids, NotToBeSetAside, OrderIsPlaced, ReasonTooShort, InvalidInput (no line).
    """
    if len(reason.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.strip()))
    if not line_nos:
        raise InvalidInput([FieldError("/lines", "required", "Say which lines you ask for.")])
    cases = allowance_cases(order_id, line_nos, now=now)
    order = next(iter(cases.values())).order
    if order.meta["status"] != OrderStatus.DRAFT:
        raise OrderIsPlaced(number=order.number, status=order.meta["status"])
    why = Reason(ASKED_BY_CUSTOMER, reason)
    asked = {line_no: _ask(case, why, actor, now) for line_no, case in sorted(cases.items())}
    words = ", ".join(f"{c.line.name} on line {n}" for n, c in sorted(cases.items()))[:200]
    entry = journal.Entry(
        DocumentRef("order", order_id, order.number), "allowance_asked", f"Permission was asked for: {words}"
    )
    journal.write([entry], actor=actor, now=now)
    return asked


def _ask(case: AllowanceCase, why: Reason, actor: Actor, now: datetime) -> int:
    return ask_second_person(
        case.order, kind=ELIGIBILITY_APPROVAL, content_hash=case.hash, amount=case.line.amount, content=case.content,
        reason=why, actor=actor, now=now,
    )  # fmt: skip
