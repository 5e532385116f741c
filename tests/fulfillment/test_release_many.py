"""Release of many: by a policy and the clock, or chosen at the desk; each order's result is kept."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from core.errors import InvalidInput, NotPermitted
from core.testing import drain
from fulfillment.models import ReleasePolicy, ReleaseResult, ReleaseRun, Shipment
from fulfillment.services.ask_release import ask_release
from fulfillment.services.release_by_policy import release_by_policy
from fulfillment.tasks import release_ready
from orders.models import Hold
from orders.services.place_hold import place_hold
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.flow import PICKER, breaches, placed, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW

pytestmark = pytest.mark.django_db


def run(now=NOW):
    return release_by_policy(actor=PICKER, now=now)


def test_without_a_policy_nothing_goes_by_itself_and_with_one_what_fits_and_passes_does():
    world, other = stocked_world(stock_qty=1000), stocked_world(stock_qty=1000)
    mine, held, theirs = placed(world, 5), placed(world, 5), placed(other, 5)
    place_hold(order_id=held, note="The customer asked us to wait", actor=CLERK, now=NOW)
    assert (run(), ReleaseRun.objects.count()) == (0, 0)
    policy = ReleasePolicy.objects.create(name="Ours", account=world.account)
    assert run() == 1
    assert set(Shipment.objects.values_list("order_id", flat=True)) == {mine}
    (result,) = ReleaseResult.objects.all()
    assert (result.order_id, result.state, result.policy_id, result.shipments) == (mine, "released", policy.pk, 1)
    kept = ReleaseRun.objects.get()
    assert (kept.kind, kept.asked_count, kept.released_count, kept.refused_count) == ("policy", 1, 1, 0)
    assert (run(), ReleaseRun.objects.count()) == (0, 1)
    assert theirs not in ReleaseResult.objects.values_list("order_id", flat=True)
    drain(NOW)
    assert breaches() == []


def test_what_a_gate_refuses_is_said_once_and_tried_again_when_it_changed_or_after_half_an_hour():
    ReleasePolicy.objects.create(name="All")
    world = stocked_world(stock_qty=7)
    world.account.ship_complete = "order"
    world.account.save()
    order_id = placed(world, 10)
    assert run() == 0
    (result,) = ReleaseResult.objects.all()
    assert (result.state, result.gate) == ("refused", "ship_complete")
    soon = NOW + timedelta(minutes=1)
    with CaptureQueriesContext(connection) as queries:
        assert run(soon) == 0
    assert len(queries) == 3  # policies, candidates, what was tried
    assert run(NOW + timedelta(minutes=31)) == 0
    (again,) = ReleaseResult.objects.all()
    assert (again.pk, again.at) == (result.pk, NOW + timedelta(minutes=31))
    world.account.ship_complete = "none"
    world.account.save()
    assert run(NOW + timedelta(minutes=62)) == 1
    assert list(ReleaseResult.objects.order_by("pk").values_list("order_id", "state")) == [
        (order_id, "refused"),
        (order_id, "released"),
    ]


def test_the_statements_of_a_batch_are_the_same_for_2_and_for_20_orders():
    ReleasePolicy.objects.create(name="All")
    world = stocked_world(stock_qty=10_000)
    counts = []
    for count in (2, 20):
        for _ in range(count):
            placed(world, 3)
        with CaptureQueriesContext(connection) as queries:
            assert run() == count
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_beat_s_task_reads_the_database_clock():
    ReleasePolicy.objects.create(name="All")
    placed(stocked_world(), 5)
    assert release_ready() == 1
    assert ReleaseRun.objects.get().asked_by == "Holdfast, release policy"


def test_a_run_of_a_person_keeps_a_result_for_each_and_goes_on_until_all_had_their_turn(monkeypatch):
    monkeypatch.setattr("fulfillment.services.continue_release.BATCH", 2)
    world = stocked_world(stock_qty=1000, limit=80)
    ids = [placed(world, 3) for _ in range(3)]  # 30 each: two fit the limit
    with pytest.raises(NotPermitted):
        ask_release(order_ids=ids, actor=FINANCE, now=NOW)
    with pytest.raises(InvalidInput):
        ask_release(order_ids=[], actor=PICKER, now=NOW)
    with pytest.raises(InvalidInput):
        ask_release(order_ids=[987_654], actor=PICKER, now=NOW)
    run_id = ask_release(order_ids=ids, actor=PICKER, now=NOW)
    assert ReleaseRun.objects.get(pk=run_id).finished_at is None
    drain(NOW)
    kept = ReleaseRun.objects.get(pk=run_id)
    assert (kept.released_count, kept.refused_count, kept.finished_at) == (2, 1, NOW)
    results = ReleaseResult.objects.filter(run=kept).order_by("pk")
    assert [(r.state, r.gate) for r in results] == [("released", ""), ("released", ""), ("refused", "credit")]
    assert "Over by 10.00" in results[2].message
    assert breaches() == []


def test_the_desk_shows_every_gate_and_the_cash_before_and_the_run_after():
    world = stocked_world(stock_qty=1000, limit=80)
    good, bad = placed(world, 5), placed(world, 6)
    desk, url = browser_of(StaffFactory(roles=[Role.PLANNER])), "/admin/fulfillment/releaserun/desk/"
    page = desk.get(url, {"account": world.account.code, "held": "on", "max_value": "60"}).content.decode()
    assert "2 orders, 1 ready to go" in page
    assert page.count(f"<td>{world.account.code} {world.account.name}</td>") == 2  # whose they are
    assert "Over by 30.00" in page
    assert "Cash of what goes now, USD" in page
    assert "1 order, 1 ready" in desk.get(url).content.decode()  # without orders on hold
    assert "No order with allocated stock" in desk.get(url, {"min_value": "61", "held": "on"}).content.decode()
    answer = desk.post(url, {"order": [good, bad], "filters": ""}, follow=True).content.decode()
    assert "0 of 2 orders" in answer
    assert 'http-equiv="refresh"' in answer
    drain(NOW)
    run_id = ReleaseRun.objects.get().pk
    answer = desk.get(f"/admin/fulfillment/releaserun/{run_id}/change/").content.decode()
    assert "2 of 2 orders: 1 released, 1 refused" in answer
    assert 'http-equiv="refresh"' not in answer
    assert Hold.objects.filter(order_id=bad, cleared_at__isnull=True).count() == 1
    assert "Choose at least one order" in desk.post(url, {"filters": ""}, follow=True).content.decode()
    desk.post(url, {"all": "1", "filters": f"account={world.account.code}&held=on"})
    assert ReleaseRun.objects.latest("pk").what == f"account code {world.account.code}"
    assert browser_of(StaffFactory(roles=[Role.FINANCE])).get(url).status_code == 403


def test_the_desk_takes_the_same_statements_for_1_and_for_10_orders():
    world = stocked_world(stock_qty=1000)
    desk, url = browser_of(StaffFactory(roles=[Role.PLANNER])), "/admin/fulfillment/releaserun/desk/"
    placed(world, 3)
    desk.get(url)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(url).status_code == 200
        counts.append(len(queries))
        for _ in range(9):
            placed(world, 3)
    assert counts[0] == counts[1]
    assert Decimal(counts[0]) < 60
