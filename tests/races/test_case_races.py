"""A resolution beside its cause's end: each order of the two has one right outcome, and nothing happens twice.

The interleavings are forced: what the other one does, it does at a known moment of the first.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from core import sql
from core.actors import Actor
from core.errors import InvalidInput
from core.testing import race
from exceptions_app.models import Case
from exceptions_app.services import apply_resolution as applying
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.services.moves import CaseIsOver
from exceptions_app.services.resolve_case import resolve_case
from inventory.models import Demand
from orders.resolutions import goods
from orders.services.cancel import cancel_lines
from orders.services.place import place
from tests.factories.accounts import StaffFactory
from tests.factories.flow import breaches, stocked_world
from tests.factories.orders import CLERK, NOW, TODAY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

LATER = NOW + timedelta(days=8)


@pytest.fixture
def case():
    """Six of ten wait, a week beyond the day asked for."""
    world = stocked_world(stock_qty=4)
    place(world.draft(10, requested_date=TODAY), actor=CLERK, now=NOW)
    detect_all(now=LATER, only="aged_backorder")
    return Case.objects.get(kind="aged_backorder")


@pytest.fixture
def clerk():
    user = StaffFactory(roles=["cs"])
    return Actor(str(user), user_id=user.pk, roles=frozenset({"cs"}), channel="console")


def resolve(case, clerk) -> None:
    apply_resolution(case_id=case.pk, code="cancel_backorder", actor=clerk, now=LATER, key="k")


def cause_goes(case) -> str:
    """The customer gives up the six by telephone; then the detectors look."""
    cancel_lines(order_id=case.subject_id, quantities={1: Decimal(6)}, reason="by phone", actor=CLERK, now=LATER)
    detect_all(now=LATER, only="aged_backorder")
    return "gone"


def before(monkeypatch, module, name: str, meanwhile: Callable[[], None]) -> None:
    """The first time `module.name` is called, `meanwhile` happens first."""
    real, happened = getattr(module, name), []

    def both(*args, **kwargs):
        if not happened:
            happened.append(True)
            meanwhile()
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, both)


def wait_until_somebody_waits_for_us() -> None:
    asked = "SELECT 1 FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY(pg_blocking_pids(l.pid))"
    for _ in range(1000):
        if sql.rows(asked, {}):
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock: the interleaving did not happen")


def end_of(case) -> tuple[str, str, list[str]]:
    case.refresh_from_db()
    ends = case.events.filter(verb__in=["resolved", "auto_resolved"]).order_by("pk")
    return case.status, case.resolution_code, [e.verb for e in ends]


def quantities() -> tuple[Decimal, Decimal, Decimal]:
    demand = Demand.objects.get()
    assert breaches() == []
    return demand.cancelled_qty, demand.backordered_qty, demand.reserved_qty + demand.allocated_qty


def test_a_cause_that_goes_while_the_resolution_works_waits_and_finds_nothing_left_to_do(case, clerk, monkeypatch):
    pool, other = ThreadPoolExecutor(1), []

    def goes() -> str:
        try:
            return cause_goes(case)
        finally:
            connection.close()

    def started() -> None:
        other.append(pool.submit(goes))
        wait_until_somebody_waits_for_us()

    before(monkeypatch, applying, "_finish", started)
    resolve(case, clerk)
    phoned: Future[str] = other[0]
    refused = phoned.exception(timeout=30)
    assert isinstance(refused, InvalidInput)
    assert refused.errors[0].message == "6 cannot be cancelled; 4 is open."
    detect_all(now=LATER, only="aged_backorder")
    assert end_of(case) == ("resolved", "cancel_backorder", ["resolved"])
    assert quantities() == (6, 0, 4)
    assert Case.objects.filter(kind="aged_backorder").count() == 1


def test_a_resolution_whose_cause_went_before_its_locks_is_refused_and_the_case_resolved_itself(
    case, clerk, monkeypatch
):
    heard: list[object] = []
    before(monkeypatch, goods, "lock_accounts", lambda: heard.extend(race(lambda: cause_goes(case))))
    with pytest.raises(goods.NothingWaits):
        resolve(case, clerk)
    assert heard == ["gone"]
    assert end_of(case) == ("auto_resolved", "", ["auto_resolved"])
    assert quantities() == (6, 0, 4)
    assert Case.objects.filter(kind="aged_backorder").count() == 1


def test_a_case_somebody_ended_while_the_resolution_worked_undoes_the_work(case, clerk, monkeypatch):
    def by_hand() -> None:
        (left,) = race(lambda: resolve_case(case_id=case.pk, note="they wait", actor=CLERK, now=LATER))
        assert left is None

    before(monkeypatch, applying, "_finish", by_hand)
    with pytest.raises(CaseIsOver):
        resolve(case, clerk)
    assert end_of(case) == ("resolved", "", ["resolved"])
    assert quantities() == (0, 6, 4)


def test_two_who_apply_the_same_resolution_at_once_do_it_once(case, clerk):
    outcomes = race(*[lambda: resolve(case, clerk)] * 2)
    assert outcomes.count(None) == 1
    (refused,) = [x for x in outcomes if x is not None]
    assert isinstance(refused, CaseIsOver | goods.NothingWaits)
    assert end_of(case) == ("resolved", "cancel_backorder", ["resolved"])
    assert quantities() == (6, 0, 4)
