"""What a case puts at risk is known where it is opened by rooms without prices, and stays true while it is open."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.testing import drain, unit
from exceptions_app import detection
from exceptions_app.detection import Worth
from exceptions_app.models import Case, Notice
from exceptions_app.services.detect import Detected, detect_all
from exceptions_app.services.mail_notice import mail_notices
from exceptions_app.services.tell_people import Word, tell_people
from exceptions_app.states import NoticeKind
from inventory.models import Demand
from inventory.services.record_inbound import record_inbound
from orders.detectors import aged_backorders, cancel_dates_at_risk, stuck_orders
from orders.late_penalties import Late, penalties
from orders.services.cancel import cancel_lines
from orders.services.place import place
from tests.factories.accounts import AccountFactory, UserFactory
from tests.factories.exceptions import opened
from tests.factories.flow import line_ids, picked, released, stocked_world
from tests.factories.orders import CLERK, NOW, TODAY, make_world
from tests.factories.pricing import RateFactory, TermsFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
CHEAP = {"penalty_per_late_line": Decimal(2), "penalty_per_late_day": Decimal("0.50")}


def supply(world, qty: int, on) -> int:
    (product,) = world.products
    return record_inbound(
        product_id=product.pk,
        site_id=world.site.pk,
        reference="PO-1",
        qty=Decimal(qty),
        eta_date=on,
        actor=CLERK,
        now=NOW,
    )


def test_late_supply_puts_the_lines_that_wait_at_risk_and_less_when_one_is_cancelled():
    world = make_world(stock=0)
    order = place(world.draft(5), actor=CLERK, now=NOW)
    place(world.draft(2), actor=CLERK, now=NOW)
    supply(world, 7, TODAY + DAY)
    detect_all(now=NOW + 2 * DAY, only="late_supply")
    case = Case.objects.get(kind="late_supply")
    assert (case.money_at_risk, case.currency) == (Decimal("70.00"), "USD")
    cancel_lines(order_id=order.order_id, quantities={1: Decimal(4)}, reason="too late", actor=CLERK, now=NOW)
    assert detect_all(now=NOW + 2 * DAY, only="late_supply")[0] == Detected("late_supply", 1, refreshed=1)
    case.refresh_from_db()
    assert case.money_at_risk == Decimal("30.00")
    assert detect_all(now=NOW + 2 * DAY, only="late_supply")[0] == Detected("late_supply", 1)


def test_a_moved_promise_is_worth_its_line_from_the_first_and_follows_it_without_another_sighting():
    world = make_world(stock=0)
    supply(world, 10, TODAY + 3 * DAY)
    order = place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    supply(world, 10, TODAY + 9 * DAY)
    drain(NOW)
    case = Case.objects.get(kind="promise_moved")
    assert (case.money_at_risk, case.currency) == (Decimal("100.00"), "USD")
    cancel_lines(order_id=order.order_id, quantities={1: Decimal(4)}, reason="too late", actor=CLERK, now=NOW)
    seen = case.times_seen
    assert detect_all(now=NOW, only="promise_moved")[0] == Detected("promise_moved", 1, refreshed=1)
    case.refresh_from_db()
    assert (case.money_at_risk, case.times_seen) == (Decimal("60.00"), seen)


def test_the_contracts_penalty_for_lateness_is_at_risk_beside_the_goods():
    """Promised for the day after the delivery's, six days later than at first: 25 a late line and 6 days of 5."""
    world = make_world(stock=0)
    TermsFactory(account=world.account)
    supply(world, 10, TODAY + 3 * DAY)
    place(world.draft(10), actor=CLERK, now=NOW)
    place(world.draft(1), actor=CLERK, now=NOW)  # promised nothing: one day late at least
    drain(NOW)
    supply(world, 10, TODAY + 9 * DAY)
    drain(NOW)
    demand = Demand.objects.get(ordered_qty=10)
    first, moved = demand.promises.filter(is_current=True).values_list("first_delivery_date", "delivery_date").get()
    late = (moved - first).days
    assert late > 1
    case = Case.objects.get(kind="promise_moved")
    assert (case.money_at_risk, case.currency) == (Decimal(100 + 25 + 5 * late), "USD")
    detect_all(now=NOW + 20 * DAY, only="late_supply")
    both = Case.objects.get(kind="late_supply").money_at_risk
    assert both == Decimal(100 + 25 + 5 * late) + Decimal(10 + 25 + 5)


def test_penalties_are_by_the_contract_of_the_orders_day_at_its_rate_and_of_what_is_late_alone(
    django_assert_num_queries,
):
    account, day = AccountFactory(), date(2026, 11, 2)
    TermsFactory(code="K", account=account, currency="EUR", valid_to=day)
    TermsFactory(code="K", version=2, account=account, valid_from=day, valid_to=day.replace(year=2027), **CHEAP)
    RateFactory(valid_from=date(2026, 11, 1))
    before = day - timedelta(days=1)
    asked = [
        Late(account.pk, before, "USD", 2, 7),  # 2 × 25 + 7 × 5 = 85 EUR at 1.1
        Late(account.pk, day, "USD", 1, 1),  # the version after it
        Late(account.pk, before, "GBP", 1, 1),  # no rate: not known
        Late(account.pk, before, "USD", 0, 0),  # not late
        Late(AccountFactory().pk, before, "USD", 1, 1),  # no contract
    ]
    with django_assert_num_queries(4):
        assert penalties(asked) == [Decimal("93.50"), Decimal("2.50"), 0, 0, 0]


def test_an_old_backorder_puts_its_penalty_at_risk_and_an_order_nobody_releases_too():
    world = make_world(stock=0)
    TermsFactory(account=world.account)
    place(world.draft(4), actor=CLERK, now=NOW)
    (demand,) = Demand.objects.all()
    on = demand.requested_date + timedelta(days=10)
    (case,) = aged_backorders(at_noon(on))
    assert case.money_at_risk == Decimal(40 + 25 + 10 * 5)
    ready = make_world(stock=10)
    TermsFactory(account=ready.account)
    order = place(ready.draft(2), actor=CLERK, now=NOW)
    asked = Demand.objects.get(product=ready.products[0]).requested_date
    (stuck,) = stuck_orders(at_noon(asked + timedelta(days=4)))
    assert (stuck.subject.id, stuck.money_at_risk) == (order.order_id, Decimal(20 + 25 + 4 * 5))


def at_noon(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_a_day_the_customer_cancels_on_puts_the_goods_and_their_penalty_at_risk():
    """3 of 5 have no day: late by one at least. The other line is whole and in time: it counts for nothing."""
    world = make_world(products=2, stock=2)
    TermsFactory(account=world.account)
    place(world.draft(5, 2, cancel_after_date=TODAY + 5 * DAY), actor=CLERK, now=NOW)
    (case,) = cancel_dates_at_risk(NOW)
    assert (case.money_at_risk, case.summary) == (Decimal(3 * 10 + 25 + 5), "1 line promised after 7 Mar")


def test_a_short_pick_puts_the_penalty_of_what_comes_late_at_risk_until_it_is_made_good():
    world = stocked_world(stock_qty=10)
    TermsFactory(account=world.account)
    sent = released(world, 10)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(6)})
    drain(NOW)
    case = Case.objects.get(kind="short_pick")
    assert (case.money_at_risk, case.currency) == (Decimal(4 * 10 + 25 + 5), "USD")
    cancel_lines(order_id=sent.order_id, quantities={1: Decimal(4)}, reason="not found", actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=NOW, only="short_pick")
    case.refresh_from_db()
    assert case.status in ("auto_resolved", "resolved")


def test_a_short_pick_is_worth_what_is_still_missing():
    world = stocked_world(stock_qty=10)
    sent = released(world, 10)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(7)})
    drain(NOW)
    case = Case.objects.get(kind="short_pick")
    at_risk = sum(d.backordered_qty for d in Demand.objects.all()) * 10
    assert case.money_at_risk == at_risk


def test_two_worths_of_one_kind_are_refused():
    with pytest.raises(ValueError, match="two say what"):
        detection.register(Worth("late_supply", lambda causes: []))


def test_many_notices_are_mailed_at_once_and_never_again(mailoutbox, django_assert_max_num_queries):
    people = [UserFactory(email=f"p{n}@example.com") for n in range(5)]
    nobody = UserFactory(email="")
    cases = [opened(now=NOW, subject_id=n) for n in range(6)]
    words = [
        Word(case.pk, who.pk, NoticeKind.WARNING, f"case {case.number}")
        for case, who in zip(cases, [*people, nobody], strict=True)
    ]
    with unit():
        tell_people(words, now=NOW)
    ids = list(Notice.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(9):
        assert mail_notices(notice_ids=ids, now=NOW) == 5
    assert mail_notices(notice_ids=ids, now=NOW) == 0
    assert sorted(m.to[0] for m in mailoutbox) == [f"p{n}@example.com" for n in range(5)]
    assert Notice.objects.filter(mailed_at=None).get().user_id == nobody.pk
