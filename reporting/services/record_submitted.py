from collections.abc import Sequence
from datetime import datetime

from core.uow import door_verb, require_uow
from orders.events import OrderSubmitted
from reporting.services.upsert_measure import upsert_measures


@door_verb
def record_submitted(fact: OrderSubmitted, *, now: datetime) -> None:
    """Measure submitted orders: when they came, through which channel, what was promised. Repeats change nothing."""
    _record([fact], now)


@door_verb
def record_many_submitted(facts: Sequence[OrderSubmitted], *, now: datetime) -> None:
    """The same for many facts in one transaction: the statements of one."""
    _record(facts, now)


@require_uow
def _record(facts: Sequence[OrderSubmitted], now: datetime) -> None:
    upsert_measures({fact.order_id for fact in facts})
