"""What a case puts at risk is known where it is opened by rooms without prices, and stays true while it is open."""

from datetime import timedelta
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
from orders.services.cancel import cancel_lines
from orders.services.place import place
from tests.factories.accounts import UserFactory
from tests.factories.exceptions import opened
from tests.factories.flow import line_ids, picked, released, stocked_world
from tests.factories.orders import CLERK, NOW, TODAY, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


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
