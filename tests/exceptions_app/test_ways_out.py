"""What else ends a case: a new date, the order given up, credit looked at again, a dead job revived, a truth checked."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core import invariants, outbox
from core.actors import Actor
from core.invariants import Breach
from core.models import Job
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.resolutions import JobIsNotDead, StillBroken
from exceptions_app.rules.ranking import Effect
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.services.report_breaches import report_breaches
from inventory.models import Demand, InboundSupply
from inventory.queries import promises
from inventory.services.record_inbound import record_inbound
from orders.models import Hold, Order
from orders.services.place import place
from tests.factories.exceptions import opened
from tests.factories.orders import CLERK, NOW, TODAY, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ROOT = Actor("Root", roles=frozenset({"operator"}))


def effect(case: Case, code: str, now=NOW) -> Effect:
    found = suggested(case_snapshots([case.pk])[case.pk], now=now)
    return next(offer.effect for offer in found if offer.code == code)


def mend(case: Case, code: str, actor: Actor = CLERK, now=NOW) -> str:
    asked = apply_resolution(case_id=case.pk, code=code, actor=actor, now=now, key="k")
    case.refresh_from_db()
    return asked


def supply(world, on) -> int:
    what = {"product_id": world.products[0].pk, "site_id": world.site.pk, "reference": "PO-7781", "qty": Decimal(5)}
    return record_inbound(**what, eta_date=on, actor=CLERK, now=NOW)


def test_late_supply_is_promised_again_in_a_week_and_who_waits_gets_the_new_day():
    world = make_world(stock=0)
    inbound = supply(world, TODAY + DAY)
    place(world.draft(5), actor=CLERK, now=NOW)
    drain(NOW)
    demand, now = Demand.objects.get(), NOW + 3 * DAY
    (before,) = promises([demand.pk])[demand.pk]
    detect_all(now=now, only="late_supply")
    case = Case.objects.get(kind="late_supply")
    told = effect(case, "redate", now)
    assert (told.text, told.days_late) == ("5 of PO-7781 on 12 Mar, 9 days late; who waits gets new dates from it", 9)
    mend(case, "redate", now=now)
    drain(now)
    assert (case.status, case.resolution_code) == ("resolved", "redate")
    assert InboundSupply.objects.get(pk=inbound).eta_date == TODAY + 10 * DAY
    (after,) = promises([demand.pk])[demand.pk]
    assert after.delivery_date > before.delivery_date
    detect_all(now=now, only="late_supply")
    assert Case.objects.filter(kind="late_supply").count() == 1


def test_a_customer_takes_the_new_date_and_the_order_waits_on():
    world = make_world(stock=0)
    supply(world, TODAY + 3 * DAY)
    place(world.draft(5), actor=CLERK, now=NOW)
    drain(NOW)
    supply(world, TODAY + 9 * DAY)
    drain(NOW)
    case, demand = Case.objects.get(kind="promise_moved"), Demand.objects.get()
    (part,) = promises([demand.pk])[demand.pk]
    late = (part.delivery_date - part.first_delivery_date).days
    told = effect(case, "accept_date")
    assert late > 0
    assert told.days_late == late
    assert told.text == (
        f"the customer takes {part.delivery_date.day} {part.delivery_date:%b}, {late} days later than promised first"
    )
    mend(case, "accept_date")
    assert (case.status, case.resolution_code) == ("resolved", "accept_date")
    demand.refresh_from_db()
    assert (demand.backordered_qty, demand.cancelled_qty) == (5, 0)


def test_a_held_order_is_given_up_and_its_worth_is_counted_as_lost():
    world = make_world(limit=50)
    order = place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    case = Case.objects.get(kind="credit_hold")
    told = effect(case, "cancel_order")
    assert (told.text, told.money_effect) == ("gives up 100.00 USD of sales", Decimal(-100))
    mend(case, "cancel_order")
    assert (case.status, case.money_effect) == ("resolved", Decimal(-100))
    assert Order.objects.get(pk=order.order_id).status == "cancelled"


def test_credit_looked_at_again_ends_the_case_only_when_the_order_goes():
    world = make_world(limit=50)
    place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    case, hold = Case.objects.get(kind="credit_hold"), Hold.objects.get(reason="credit")
    assert mend(case, "recheck_credit").startswith("Credit looked again and still holds the order: ")
    hold.refresh_from_db()
    assert (case.status, case.resolution_code, hold.cleared_at) == ("open", "", None)
    CreditAccount.objects.update(limit_amount=1000)
    assert mend(case, "recheck_credit") == ""
    hold.refresh_from_db()
    assert (case.status, case.resolution_code, hold.cleared_at) == ("resolved", "recheck_credit", NOW)


def test_a_dead_job_runs_again_and_one_that_is_not_dead_is_left_alone():
    place(make_world().draft(1), actor=CLERK, now=NOW)
    job = Job.objects.order_by("pk").first()
    Job.objects.filter(pk=job.pk).update(state="dead", attempts=5)
    case = opened(now=NOW, kind="job_died", subject_id=job.pk, cause_key=job.reaction)
    mend(case, "revive", ROOT)
    job.refresh_from_db()
    assert (case.status, job.state, job.attempts) == ("resolved", "ready", 0)
    assert outbox.revive(job.pk, now=NOW) is False
    other = opened(now=NOW, kind="job_died", subject_id=job.pk, cause_key="again")
    with pytest.raises(JobIsNotDead):
        mend(other, "revive", ROOT)
    assert Case.objects.get(pk=other.pk).status == "open"


def test_what_is_checked_again_ends_its_case_when_it_is_true_and_not_before(monkeypatch):
    wrong = ["SKU 1: 5, 4"]
    monkeypatch.setattr(invariants, "_checks", {"on hand = movements": lambda: list(wrong)})
    (pk,) = report_breaches([Breach("on hand = movements", wrong[0])], now=NOW)
    case = Case.objects.get(pk=pk)
    assert case.kind == "invariant_broken"
    with pytest.raises(StillBroken, match="1 found, the first: SKU 1: 5, 4"):
        mend(case, "check_again", ROOT)
    assert Case.objects.get(pk=pk).status == "open"
    wrong.clear()
    mend(case, "check_again", ROOT)
    assert (case.status, case.resolution_code) == ("resolved", "check_again")
