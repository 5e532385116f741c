"""A released shipment is asked back: the warehouse gives it back or says why not, and silence is a case."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.states import Role
from core import journal, writers
from core.errors import InvalidInput, NotPermitted
from core.lifecycle import IllegalTransition
from core.overrides import Reason
from core.refs import DocumentRef
from core.testing import drain, race
from credit.models import CreditAccount, OpenOrderDay
from exceptions_app.models import Case
from fulfillment.detectors import unanswered_recalls
from fulfillment.models import RecallRequest, ReleasePolicy, Shipment
from fulfillment.services.answer_recall import RecallAnsweredBefore, accept_recall, refuse_recall
from fulfillment.services.ask_recall import RecallAwaited, ask_recall
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.release_by_policy import release_by_policy
from fulfillment.services.release_orders import release_orders
from inventory.models import Claim, Demand, StockBalance
from orders.models import Hold
from orders.services.clear_hold import clear_hold
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.flow import PICKER, breaches, picked, released, shipped, stocked_world
from tests.factories.orders import CLERK, NOW

pytestmark = pytest.mark.django_db
WHY = "The customer called: wrong address"


def ask(sent, actor=CLERK, note=WHY):
    return ask_recall(shipment_id=sent.shipment_id, note=note, actor=actor, now=NOW)


def accept(recall_id, actor=PICKER):
    return accept_recall(recall_id=recall_id, actor=actor, now=NOW)


def timeline(order_id):
    return sorted(e.verb for e in journal.timeline(DocumentRef("order", order_id)) if e.verb.startswith("recall"))


def test_given_back_its_stock_is_the_order_s_again_its_worth_open_and_it_waits_for_a_person():
    world = stocked_world(products=2)
    sent = released(world, 5, 3)
    recall_id = ask(sent)
    assert CreditAccount.objects.get().released_amount == 80  # nothing changes before the answer
    assert accept(recall_id) == sent.order_id
    assert Shipment.objects.get().status == "cancelled"
    assert sorted(Demand.objects.values_list("allocated_qty", "released_qty")) == [(3, 0), (5, 0)]
    assert {c.kind for c in Claim.objects.filter(state="open")} == {"hard"}
    account = CreditAccount.objects.get()
    assert (account.released_amount, OpenOrderDay.objects.get().amount) == (0, 80)
    (hold,) = Hold.objects.filter(cleared_at__isnull=True)
    assert hold.explanation["outcome"] == f"Recalled from the warehouse by Cora Service: {WHY}"
    assert timeline(sent.order_id) == ["recall_accepted", "recall_asked"]
    ReleasePolicy.objects.create(name="All")
    assert release_by_policy(actor=PICKER, now=NOW) == 0
    with pytest.raises(RecallAnsweredBefore):
        accept(recall_id)
    drain(NOW)
    assert breaches() == []


def test_after_the_hold_is_cleared_it_goes_again_and_every_sum_holds():
    sent = released(stocked_world(), 5)
    accept(ask(sent))
    clear_hold(hold_id=Hold.objects.get().pk, reason=Reason("agreed", "The address is right now"), actor=CLERK, now=NOW)
    (again,) = release_orders(order_ids=[sent.order_id], actor=PICKER, now=NOW)
    assert again.is_released
    picked(type(sent)(sent.order_id, again.shipment_ids[0]))
    drain(NOW)
    assert breaches() == []
    assert CreditAccount.objects.get().released_amount == 50


def test_refused_the_shipment_goes_on_and_says_why():
    sent = released(stocked_world(), 5)
    recall_id = ask(sent)
    with pytest.raises(InvalidInput):
        refuse_recall(recall_id=recall_id, reason="no", actor=PICKER, now=NOW)
    refuse_recall(recall_id=recall_id, reason="It stands on the dock already", actor=PICKER, now=NOW)
    assert (Shipment.objects.get().status, Hold.objects.count()) == ("released", 0)
    assert timeline(sent.order_id) == ["recall_asked", "recall_refused"]
    assert ask(sent) != recall_id  # it may be asked again


def test_not_after_the_pick_and_not_by_anybody():
    world = stocked_world()
    sent = released(world, 5)
    for refusal, more in ((NotPermitted, {"actor": PICKER}), (InvalidInput, {"note": "why"})):
        with pytest.raises(refusal):
            ask(sent, **more)
    recall_id = ask(sent)
    with pytest.raises(RecallAwaited):
        ask(sent)
    with pytest.raises(NotPermitted):
        accept(recall_id, CLERK)
    picked(sent)
    with pytest.raises(IllegalTransition):
        accept(recall_id)
    assert RecallRequest.objects.get().state == "asked"
    assert Hold.objects.count() == 0
    refuse_recall(recall_id=recall_id, reason="It is packed already", actor=PICKER, now=NOW)
    with pytest.raises(IllegalTransition):
        ask(shipped(world, 2))


def test_units_that_are_no_longer_good_wait_for_others():
    sent = released(stocked_world(), 5)
    with writers.by_hand("stock"):
        StockBalance.objects.update(status="quality")
    accept(ask(sent))
    demand = Demand.objects.get()
    assert (demand.allocated_qty, demand.backordered_qty, demand.released_qty) == (0, 5, 0)


def test_silence_is_a_case_and_the_answer_ends_it():
    from exceptions_app.services.detect import detect_all

    recall_id = ask(released(stocked_world(), 5))
    assert unanswered_recalls(NOW + timedelta(minutes=29)) == []
    late = NOW + timedelta(minutes=30)
    (found,) = unanswered_recalls(late)
    assert (found.money_at_risk, found.summary) == (Decimal(50), f"Cora Service asked for it back: {WHY}")
    detect_all(now=late, only="recall_unanswered")
    assert Case.objects.get(kind="recall_unanswered").status == "open"
    accept(recall_id)
    detect_all(now=late + timedelta(minutes=5), only="recall_unanswered")
    assert Case.objects.get(kind="recall_unanswered").status == "auto_resolved"


def test_it_is_asked_and_answered_on_the_shipment_s_page():
    sent = released(stocked_world(), 5)
    page = f"/admin/fulfillment/shipment/{sent.shipment_id}/change/"
    clerk, picker = browser_of(StaffFactory(roles=[Role.CS])), browser_of(StaffFactory(roles=[Role.WAREHOUSE]))
    assert "Ask for it back" in clerk.get(page).content.decode()
    told = clerk.post(f"/admin/fulfillment/recallrequest/ask/{sent.shipment_id}/", {"note": WHY}, follow=True)
    assert "Until it answers, nothing changes" in told.content.decode()
    assert "Give it back" not in told.content.decode()
    recall_id = RecallRequest.objects.get().pk
    asked = picker.get(page).content.decode()
    assert "Give it back" in asked
    assert f"asks for this shipment back: {WHY}. The warehouse answers below." in asked
    refused = picker.post(f"/admin/fulfillment/recallrequest/{recall_id}/refuse/", {"reason": "no"}, follow=True)
    assert "at least ten characters" in refused.content.decode()
    told = picker.post(f"/admin/fulfillment/recallrequest/{recall_id}/accept/", follow=True).content.decode()
    assert "held by hand" in told
    assert "asks for this shipment back" not in told
    assert WHY in picker.get("/admin/fulfillment/recallrequest/").content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.races
def test_a_pick_beside_the_answer_is_before_or_after_it():
    for _ in range(3):
        sent = released(stocked_world(), 5)
        recall_id = ask(sent)
        outcomes = race(
            lambda r=recall_id: accept(r),
            lambda s=sent: confirm_pick(shipment_id=s.shipment_id, picks={}, actor=PICKER, now=NOW),
        )
        refused = [x for x in outcomes if isinstance(x, Exception)]
        assert [type(x) for x in refused] == [IllegalTransition]
        assert Shipment.objects.get(pk=sent.shipment_id).status in ("cancelled", "packed")
    drain(NOW)
    assert breaches() == []
