"""Cases about shipments and parcels that came back: what a click does is what it said, and a second one does nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import DomainError
from core.refs import DocumentRef
from core.testing import unit
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.services.moves import CaseIsOver
from exceptions_app.services.open_case import open_cases
from fulfillment import shipment_resolutions as ours
from fulfillment.models import CarrierService, RecallRequest, Return, ReturnLine, Shipment, ShippingRule
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.services.authorize_return import authorize_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.request_returns import request_returns
from inventory.models import StockBalance
from orders.models import OrderLine
from tests.factories.flow import NOW, PICKER, Sent, breaches, picked, released, shipped, stocked_world

pytestmark = pytest.mark.django_db

D = Decimal
LATER = NOW + timedelta(days=30)
CORA = Actor("Cora", roles=frozenset({"cs", "planner"}))
WILL = Actor("Will", roles=frozenset({"warehouse"}))


def effect(case: Case, code: str) -> Effect:
    return next(o.effect for o in suggested(case_snapshots([case.pk])[case.pk], now=LATER) if o.code == code)


def mend(case: Case, code: str, actor: Actor) -> Case:
    apply_resolution(case_id=case.pk, code=code, actor=actor, now=LATER, key="k")
    case.refresh_from_db()
    return case


def window_at_risk() -> Case:
    released(stocked_world(), 3)
    detect_all(now=LATER, only="delivery_window_at_risk")
    return Case.objects.get(kind="delivery_window_at_risk")


def test_a_shipment_that_is_late_in_the_warehouse_is_asked_back_once():
    case = window_at_risk()
    assert effect(case, "recall").text.startswith("asks the warehouse for 1 shipment back: where it agrees, 3 are open")
    assert mend(case, "recall", CORA).resolution_code == "recall"
    with pytest.raises(CaseIsOver):
        mend(case, "recall", CORA)
    assert RecallRequest.objects.get().shipment_id == case.subject_id


def test_what_the_warehouse_packed_meanwhile_is_not_asked_back():
    case = window_at_risk()
    seen, shipment = case_snapshots([case.pk])[case.pk], Shipment.objects.get()
    picked(Sent(shipment.order_id, shipment.pk))
    assert effect(case, "recall").why_not == ours.GONE
    with pytest.raises(ours.NothingToAskBack):
        ours.recall(seen, actor=CORA, now=LATER, key="k")
    assert not RecallRequest.objects.exists()


def test_a_late_shipment_travels_with_the_service_the_rules_take_for_the_soonest_days():
    air = CarrierService.objects.create(code="UPS-AIR", carrier="UPS", name="Next day")
    slow = CarrierService.objects.create(code="UPS-GROUND", carrier="UPS", name="Ground")
    ShippingRule.objects.create(service=air, priority=1, max_days=1)
    ShippingRule.objects.create(service=slow, priority=2)
    case = window_at_risk()
    code = f"service:{air.pk}"
    assert [o.code for o in suggested(case_snapshots([case.pk])[case.pk], now=LATER) if "service" in o.code] == [code]
    assert effect(case, code).text == "travels with UPS Next day: the rules take it for 1 day or less"
    with pytest.raises(DomainError):
        mend(case, code, CORA)  # the warehouse chooses services
    mend(case, code, WILL)
    shipment = Shipment.objects.get()
    assert (shipment.service_id, shipment.is_service_by_hand) == (air.pk, True)
    with pytest.raises(DomainError):
        mend(case, code, WILL)


def test_a_shipment_that_takes_from_a_place_counted_too_low_is_asked_back():
    world = stocked_world(stock_qty=10)
    sent = released(world, 8)
    place = StockBalance.objects.get()
    with unit():
        open_cases([CaseSpec("count_pending", DocumentRef("stock_balance", place.pk), "count")], now=NOW)
    case = Case.objects.get(kind="count_pending")
    assert "1 shipment back: where it agrees, 8 are open" in effect(case, "recall").text
    mend(case, "recall", CORA)
    with pytest.raises(CaseIsOver):
        mend(case, "recall", CORA)
    assert RecallRequest.objects.get().shipment_id == sent.shipment_id


def came_beyond() -> tuple[Return, Case]:
    """8 of 8 came back where 5 were authorized."""
    world = stocked_world()
    line_id = OrderLine.objects.get(order_id=shipped(world, 8).order_id).pk
    spec = ReturnSpec(world.account.pk, "R-1", "changed their mind", (ReturnLineSpec(line_id, D(8)),))
    (asked,) = request_returns([spec], actor=PICKER, now=NOW)
    row = ReturnLine.objects.get(parent=asked.return_id)
    authorize_return(return_id=asked.return_id, quantities={row.pk: D(5)}, actor=PICKER, now=NOW)
    receive_return(return_id=asked.return_id, quantities={row.pk: D(8)}, actor=PICKER, now=NOW)
    return Return.objects.get(), Case.objects.get(kind="unmatched_return")


def test_what_came_beyond_is_authorized_after_all_and_waits_for_inspection_once():
    first, case = came_beyond()
    shown = effect(case, "authorize")
    assert shown.text.startswith("a return of its own over 3 is authorized and received")
    assert shown.money_effect == D("-30.00")
    assert mend(case, "authorize", CORA).resolution_code == "authorize"
    second = Return.objects.exclude(pk=first.pk).get()
    assert (second.status, second.lines.get().received_qty) == ("received", 3)
    ours.authorize(case_snapshots([case.pk])[case.pk], actor=CORA, now=LATER, key="k")
    assert Return.objects.count() == 2
    with pytest.raises(CaseIsOver):
        mend(case, "authorize", CORA)
    assert breaches() == []


def test_what_came_beyond_and_was_never_theirs_goes_back():
    first, case = came_beyond()
    Case.objects.filter(pk=case.pk).update(evidence={"order_lines": {str(first.lines.get().order_line_id): "9"}})
    case.refresh_from_db()
    assert not effect(case, "authorize").is_possible
    with pytest.raises(DomainError):
        mend(case, "authorize", CORA)
    assert Return.objects.count() == 1
    assert mend(case, "send_back", CORA).status == "resolved"
    with pytest.raises(CaseIsOver):
        mend(case, "send_back", CORA)
    assert case.events.filter(verb="resolved").count() == 1
    assert StockBalance.objects.filter(status="available").get().on_hand_qty == 92


def test_a_customer_takes_a_late_shipment_later_and_is_not_asked_for_three_days():
    case = mend(window_at_risk(), "later", CORA)
    assert (case.status, case.resolution_code) == ("resolved", "later")
    assert Shipment.objects.get().status == "released"
    assert detect_all(now=LATER + timedelta(days=2), only="delivery_window_at_risk")[0].opened == 0
    assert detect_all(now=LATER + timedelta(days=4), only="delivery_window_at_risk")[0].opened == 1
