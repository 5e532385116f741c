"""Detectors fire on causes made by the verbs everybody calls, and cases resolve themselves when the cause is gone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.checks import run_checks
from django.test.utils import CaptureQueriesContext

from core.testing import drain, race
from core.testing import unit as unit_of_work
from exceptions_app import detection, kinds, suggestions
from exceptions_app.checks import every_kind_is_found_and_mended
from exceptions_app.detection import Detector, Watch
from exceptions_app.kinds import KindSpec
from exceptions_app.models import Case
from exceptions_app.rules.asks import CaseSpec
from exceptions_app.services.detect import Detected, detect, detect_all, watch
from exceptions_app.services.open_case import open_cases
from inventory.models import Demand, StockBalance
from inventory.services.adjust_stock import adjust_stock
from inventory.services.receive_stock import receive_stock
from inventory.services.record_inbound import record_inbound
from orders.services.cancel import cancel_order
from orders.services.place import place
from tests.factories.accounts import TierFactory
from tests.factories.exceptions import SPILL, subject, teams
from tests.factories.flow import line_ids, picked, released, stocked_world
from tests.factories.orders import CLERK, NOW, TODAY, allocated, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def live(kind: str) -> list[Case]:
    return list(Case.objects.filter(kind=kind).exclude(status__in=["auto_resolved", "resolved", "closed"]))


def ran(kind: str, now) -> list[Detected]:
    return detect_all(now=now, only=kind)


def test_late_supply_is_a_case_while_somebody_waits_for_it_and_goes_when_it_comes():
    world = make_world(stock=0)
    place(world.draft(5), actor=CLERK, now=NOW)
    inbound = record_inbound(
        product_id=world.products[0].pk,
        site_id=world.site.pk,
        reference="PO-7781",
        qty=Decimal(5),
        eta_date=TODAY + DAY,
        actor=CLERK,
        now=NOW,
    )
    assert ran("late_supply", NOW)[0].found == 0
    (first,) = ran("late_supply", NOW + 2 * DAY)
    assert (first.found, first.opened) == (1, 1)
    (case,) = live("late_supply")
    assert (case.queue.code, case.cause_key) == ("cs", f"supply:{inbound}")
    assert "5 due 3 Mar have not come; 1 line wait for 5" in case.summary
    assert ran("late_supply", NOW + 2 * DAY)[0] == Detected("late_supply", 1)  # the same again writes nothing
    receive_stock(
        product_id=world.products[0].pk,
        site_id=world.site.pk,
        qty=Decimal(5),
        inbound_id=inbound,
        source=subject(1, "receipt"),
        actor=CLERK,
        now=NOW + 2 * DAY,
    )
    drain(NOW + 2 * DAY)
    assert ran("late_supply", NOW + 2 * DAY)[0].closed == 1
    case.refresh_from_db()
    assert (case.status, case.events.count()) == ("auto_resolved", 2)


def test_a_promise_without_another_day_is_lost_until_supply_dates_it_again():
    world = make_world(stock=10)
    (product,) = world.products
    order = place(world.draft(5), actor=CLERK, now=NOW)
    drain(NOW)
    balance = StockBalance.objects.get(product=product)
    adjust_stock(balance_id=balance.pk, qty=Decimal(-10), reason="water damage", actor=CLERK, now=NOW)
    drain(NOW)
    (case,) = live("promise_lost")
    assert (case.queue.code, case.subject_id, case.account_id) == ("cs", order.order_id, world.account.pk)
    assert (case.money_at_risk, case.currency) == (Decimal("50.00"), "USD")
    assert "to no date yet" in case.summary
    assert ran("promise_lost", NOW) == [Detected("promise_lost", 1)]
    record_inbound(
        product_id=product.pk,
        site_id=world.site.pk,
        reference="PO-9",
        qty=Decimal(5),
        eta_date=TODAY + 6 * DAY,
        actor=CLERK,
        now=NOW,
    )
    drain(NOW)
    assert ran("promise_lost", NOW) == [Detected("promise_lost", closed=1)]
    case.refresh_from_db()
    assert case.status == "auto_resolved"


def test_a_better_tier_that_goes_without_beside_firm_claims_of_a_worse_one_is_a_conflict():
    gold, plain = TierFactory(rank=1), TierFactory(rank=5)
    world = make_world(stock=10, tier=plain)
    allocated(world, 10)
    world.account.tier = gold
    world.account.save()
    place(world.draft(4), actor=CLERK, now=NOW)
    assert ran("allocation_conflict", NOW)[0].opened == 1
    (case,) = live("allocation_conflict")
    assert (case.queue.code, case.subject_id) == ("planner", world.products[0].pk)
    assert case.summary == "4 missing on 1 line; 1 line of lower tiers hold 10"


def test_an_order_that_waits_a_week_beyond_its_day_is_an_aged_backorder_with_its_money_kept_current():
    world = make_world(stock=4)
    order = place(world.draft(10, requested_date=TODAY), actor=CLERK, now=NOW)
    assert ran("aged_backorder", NOW + 7 * DAY)[0].found == 0
    assert ran("aged_backorder", NOW + 8 * DAY)[0].opened == 1
    (case,) = live("aged_backorder")
    assert (case.queue.code, case.subject_number, case.money_at_risk) == ("planner", order.number, Decimal("60.00"))
    receive_stock(
        product_id=world.products[0].pk,
        site_id=world.site.pk,
        qty=Decimal(2),
        source=subject(1, "receipt"),
        actor=CLERK,
        now=NOW + 8 * DAY,
    )
    drain(NOW + 8 * DAY)
    assert ran("aged_backorder", NOW + 8 * DAY)[0] == Detected("aged_backorder", 1, refreshed=1)
    case.refresh_from_db()
    assert case.money_at_risk == Decimal("40.00")
    cancel_order(order_id=order.order_id, reason="no longer wanted", actor=CLERK, now=NOW + 8 * DAY)
    assert ran("aged_backorder", NOW + 8 * DAY)[0].closed == 1


def test_a_credit_hold_two_days_old_is_finances_and_goes_with_the_hold():
    world = make_world(limit=50)
    order = place(world.draft(10), actor=CLERK, now=NOW)
    assert ran("aged_credit_hold", NOW + DAY)[0].found == 0
    assert ran("aged_credit_hold", NOW + 3 * DAY)[0].opened == 1
    (case,) = live("aged_credit_hold")
    assert (case.queue.code, case.money_at_risk, case.currency) == ("finance", Decimal("100.00"), "USD")
    cancel_order(order_id=order.order_id, reason="no longer wanted", actor=CLERK, now=NOW + 3 * DAY)
    assert ran("aged_credit_hold", NOW + 3 * DAY)[0].closed == 1


def test_an_order_that_is_whole_and_due_and_not_released_is_stuck():
    world = make_world()
    order = place(world.draft(3, requested_date=TODAY), actor=CLERK, now=NOW)
    assert ran("order_stuck", NOW + 2 * DAY)[0].found == 0
    assert ran("order_stuck", NOW + 4 * DAY)[0].opened == 1
    assert live("order_stuck")[0].subject_id == order.order_id


def test_a_promise_beyond_the_day_the_customer_cancels_on_puts_that_day_at_risk():
    world = make_world(stock=2)
    place(world.draft(5, cancel_after_date=TODAY + 5 * DAY), actor=CLERK, now=NOW)
    assert ran("cancel_date_at_risk", NOW)[0].opened == 1
    (case,) = live("cancel_date_at_risk")
    assert (case.queue.code, case.money_at_risk) == ("cs", Decimal("30.00"))


def test_a_shipment_the_customer_wants_today_and_still_in_the_warehouse_is_a_window_at_risk():
    sent = released(stocked_world(), 3)
    (found,) = ran("delivery_window_at_risk", NOW + 30 * DAY)
    assert found.opened == 1
    assert live("delivery_window_at_risk")[0].subject_id == sent.shipment_id


def test_a_day_is_over_when_it_is_where_the_goods_are_and_where_the_customer_is():
    """In Reno midnight is 8 h UTC: until then what is wanted tomorrow is not wanted today, and nothing due today is late."""
    world = make_world(stock=0)
    world.site.time_zone = "America/Los_Angeles"
    world.site.save()
    place(world.draft(5), actor=CLERK, now=NOW)
    supply = {"product_id": world.products[0].pk, "site_id": world.site.pk, "reference": "PO-1", "qty": Decimal(5)}
    record_inbound(**supply, eta_date=TODAY, actor=CLERK, now=NOW)
    midnight = NOW.replace(hour=8) + DAY
    assert ran("late_supply", midnight - timedelta(minutes=1))[0].found == 0
    assert ran("late_supply", midnight)[0].found == 1
    sent = released(stocked_world(), 3)
    Demand.objects.filter(ref_id=sent.order_id).update(requested_date=TODAY + DAY)
    assert ran("delivery_window_at_risk", midnight - timedelta(minutes=1))[0].found == 0
    assert ran("delivery_window_at_risk", midnight)[0].found == 1


def test_a_short_pick_resolves_itself_when_the_rest_is_found_elsewhere_and_stays_while_it_is_not():
    world = stocked_world(stock_qty=8)
    sent = released(world, 8)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(5)})
    drain(NOW)
    assert watch(_watch_of("short_pick"), now=NOW).closed == 0
    receive_stock(
        product_id=world.products[0].pk,
        site_id=world.site.pk,
        qty=Decimal(3),
        source=subject(1, "receipt"),
        actor=CLERK,
        now=NOW,
    )
    drain(NOW)
    assert watch(_watch_of("short_pick"), now=NOW).closed == 1
    assert live("short_pick") == []


def _watch_of(kind: str) -> Watch:
    return next(w for w in detection.watches() if w.kind == kind)


def test_all_detectors_cost_as_many_statements_for_many_orders_as_for_one():
    world = make_world(stock=0)
    place(world.draft(5, requested_date=TODAY), actor=CLERK, now=NOW)
    teams()
    counts = []
    for more in (0, 5):
        for _ in range(more):
            place(world.draft(5, requested_date=TODAY), actor=CLERK, now=NOW)
        with CaptureQueriesContext(connection()) as ctx:
            detect_all(now=NOW + 30 * DAY)
        counts.append(len(ctx))
    assert counts[1] <= counts[0]


def connection():
    from django.db import connection as opened

    return opened


def _spills(*numbers: int) -> Detector:
    return Detector(SPILL.code, "", lambda now: [CaseSpec(SPILL.code, subject(n), "wet") for n in numbers])


def test_a_case_opened_while_a_detector_looks_is_not_taken_for_one_whose_cause_is_gone():
    def opens_meanwhile(now):
        with unit_of_work():
            open_cases([CaseSpec(SPILL.code, subject(9), "wet")], now=now)
        return [CaseSpec(SPILL.code, subject(1), "wet")]

    detect(Detector(SPILL.code, "", opens_meanwhile), now=NOW)
    assert sorted(c.subject_id for c in live(SPILL.code)) == [1, 9]


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_open_one_case_each_and_close_it_once():
    teams()
    race(*[lambda: detect(_spills(*range(40)), now=NOW)] * 2)
    assert Case.objects.count() == 40
    assert Case.objects.filter(events__verb="opened").count() == 40
    race(*[lambda: detect(_spills(), now=NOW)] * 2)
    assert Case.objects.filter(status="auto_resolved").count() == 40
    assert Case.objects.filter(events__verb="auto_resolved").count() == 40


def test_a_kind_that_nothing_finds_or_nobody_can_mend_fails_the_check(monkeypatch):
    assert every_kind_is_found_and_mended() == []
    assert not [m for m in run_checks() if m.id and m.id.startswith("exceptions_app")]
    monkeypatch.setattr(kinds, "_kinds", {"odd": KindSpec("odd", "Odd", "cs", "low", 10, 20)})
    assert [m.id for m in every_kind_is_found_and_mended()] == ["exceptions_app.E001", "exceptions_app.E002"]


def test_every_kind_of_the_trade_is_declared_with_the_hours_its_owner_has():
    hours = {
        "short_pick": ("warehouse", 2),
        "late_supply": ("cs", 4),
        "promise_lost": ("cs", 4),
        "promise_moved": ("cs", 4),
        "allocation_conflict": ("planner", 4),
        "aged_credit_hold": ("finance", 4),
        "price_mismatch": ("pricing", 8),
        "edi_quarantined": ("edi_desk", 1),
        "edi_ack_overdue": ("edi_desk", 1),
        "asn_due": ("edi_desk", 1),
        "asn_mismatch": ("edi_desk", 1),
        "lot_recalled": ("quality", 2),
        "lot_expired": ("quality", 2),
        "usage_without_po": ("rep", 48),
        "invoice_dispute": ("finance", 40),
        "chargeback_denied": ("finance", 40),
        "commission_dispute": ("finance", 40),
    }
    declared = {code: (kinds.kind(code).owner_queue, kinds.kind(code).resolve_minutes / 60) for code in hours}
    assert declared == hours
    assert kinds.kind("usage_without_po").then_queue == "cs"
    by_policy = {"order_stuck", "delivery_window_at_risk", "cancel_date_at_risk", "aged_backorder"}
    silent = {"consignment_variance", "unmatched_return", "invariant_broken", "erp_silent", "wms_silent"}
    assert by_policy | silent <= {spec.code for spec in kinds.kinds()}


def test_detectors_of_one_kind_may_not_share_causes():
    with pytest.raises(ValueError, match="share causes"):
        detection.register(Detector("late_supply", "supply:1", lambda now: []))
    assert suggestions.of_kind("late_supply")
