"""A customer asks for an earlier day of lines of an order: never promised by the asking, always decided by the house."""

from collections.abc import Mapping
from datetime import date, datetime

from accounts.approval_queries import ASKED_BY_CUSTOMER
from core import journal, overrides
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.overrides import Reason
from core.refs import DocumentRef
from core.uow import door_verb
from orders.promise_cases import PromiseCase, promise_cases
from orders.rules.promising import PROMISE_APPROVAL
from orders.services.ask_second_person import ask_second_person


@door_verb
def ask_promise(*, order_id: int, days: Mapping[int, date], reason: str, actor: Actor, now: datetime) -> dict[int, int]:
    """{line number: the approval it waits for}. Whoever may promise by hand decides; the day holds when they say yes, if
    what is open is still what was asked about. Asked twice, it is one request.

    Raises NotFound, NothingToPromise, ReasonTooShort, InvalidInput at "/days/<line number>" (no line, a day in the past, a
    day that is not before what is promised).
    """
    if len(reason.strip()) < overrides.SHORTEST_REASON:
        raise overrides.ReasonTooShort(given=len(reason.strip()))
    if not days:
        raise InvalidInput([FieldError("/days", "required", "Say which line you need by which day.")])
    cases = promise_cases(order_id, days, now=now)
    if errors := [e for case in cases.values() for e in _not_earlier(case)]:
        raise InvalidInput(errors)
    why = Reason(ASKED_BY_CUSTOMER, reason)
    asked = {line_no: _ask(case, why, actor, now) for line_no, case in sorted(cases.items())}
    order = next(iter(cases.values())).order
    words = ", ".join(f"line {n} on {c.day.day} {c.day:%b %Y}" for n, c in sorted(cases.items()))[:200]
    ref = DocumentRef("order", order_id, order.number)
    journal.write([journal.Entry(ref, "promise_asked", f"An earlier day was asked for: {words}")], actor=actor, now=now)
    return asked


def _not_earlier(case: PromiseCase) -> list[FieldError]:
    if case.was is None or case.day < case.was:
        return []
    words = f"{case.day} is not before {case.was}, what is promised now."
    remedy = "Ask for an earlier day; a later one is a change of the order."
    return [FieldError(f"/days/{case.line.line_no}", "not_earlier", words, remedy)]


def _ask(case: PromiseCase, why: Reason, actor: Actor, now: datetime) -> int:
    return ask_second_person(
        case.order, kind=PROMISE_APPROVAL, content_hash=case.hash, amount=case.worth, content=case.content, reason=why,
        actor=actor, now=now,
    )  # fmt: skip
