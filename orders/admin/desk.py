"""What finance does at the credit desk with one held order: each button is one service call, with its own authority."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from core import clock
from core.actors import Actor
from core.choices import counted
from core.errors import FieldError, InvalidInput, NotFound
from core.overrides import Reason
from credit.services.change_limit import LimitAuthorityExceeded
from credit.services.grant_addition import AdditionSpec, grant_addition
from credit.services.request_limit import request_addition
from credit.states import AdditionKind
from orders.models import Hold
from orders.queries import account_of
from orders.services.clear_hold import clear_hold
from orders.services.reevaluate_credit_holds import reevaluate_credit_holds
from orders.services.reject_hold import reject_hold

Form = Mapping[str, str]
DAYS = 7  # how long a release or a limit lent lasts, unless told otherwise
MOST_DAYS = 366


def recheck(hold: Hold, form: Form, actor: Actor) -> str:
    outcome = reevaluate_credit_holds(account_id=_account(hold), actor=actor, now=clock.now())
    gone, left = counted(len(outcome.cleared), "order"), len(outcome.still_held)
    return f"Credit looked again at the customer's orders: {gone} let go, {left} still held."


def release(hold: Hold, form: Form, actor: Actor) -> str:
    """Up to so many percent above the value now, for so many days."""
    now, days = clock.now(), _days(form)
    clear_hold(
        hold_id=hold.pk,
        reason=Reason("credit_desk", form.get("note", "")),
        actor=actor,
        now=now,
        deviation_percent=_number(form, "deviation", "5"),
        valid_until=now + timedelta(days=days),
    )
    return f"{hold.order.number} is let go for {counted(days, 'day')}; the override is recorded."


def lend(hold: Hold, form: Form, actor: Actor) -> str:
    """More may be owed for some days; above one's authority a second person is asked, and it counts when they say yes."""
    now, amount = clock.now(), _number(form, "amount", "")
    today = clock.company_day(now)
    spec = AdditionSpec(AdditionKind.TEMPORARY, amount, today, today + timedelta(days=_days(form)), hold.order.number)
    account_id, note = _account(hold), form.get("note", "")
    try:
        reason = Reason("credit_desk", note)
        grant_addition(account_id=account_id, addition=spec, reason=reason, actor=actor, now=now)
    except LimitAuthorityExceeded as beyond:
        approval_id = request_addition(account_id=account_id, addition=spec, reason=note, actor=actor, now=now)
        return f"{beyond.message} Approval {approval_id} is asked for: it is lent when somebody approves it."
    return f"{amount:,} more may be owed until {spec.valid_to}; the customer's holds are looked at now."


def reject(hold: Hold, form: Form, actor: Actor) -> str:
    outcome = reject_hold(hold_id=hold.pk, note=form.get("note", ""), actor=actor, now=clock.now())
    if outcome.status == "cancelled":
        return f"{outcome.number} is refused and cancelled."
    return f"{counted(len(outcome.cancelled), 'line')} of {outcome.number} refused; what is released goes on."


Verb = Callable[[Hold, Form, Actor], str]
VERBS: Mapping[str, Verb] = {"recheck": recheck, "release": release, "lend": lend, "reject": reject}


def do(verb: str, hold_id: int, form: Form, actor: Actor) -> str:
    """What to tell. Raises NotFound and whatever the service refuses."""
    hold = Hold.objects.filter(pk=hold_id, reason="credit").select_related("order").first()
    if hold is None:
        raise NotFound(kind="credit hold", ident=hold_id)
    return VERBS[verb](hold, form, actor)


def _account(hold: Hold) -> int:
    return account_of(hold.order_id) or 0


def _days(form: Form) -> int:
    days = _number(form, "days", str(DAYS))
    if days != int(days) or not 1 <= days <= MOST_DAYS:
        raise InvalidInput([FieldError("/days", "invalid", f"Days are a whole number from 1 to {MOST_DAYS}.")])
    return int(days)


def _number(form: Form, name: str, default: str) -> Decimal:
    text = form.get(name, "").replace(",", "").strip() or default
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidInput([FieldError(f"/{name}", "invalid", f"{text[:40]!r} is not a number.")])
    return number
