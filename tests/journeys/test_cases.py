"""From a cause to a closed case, once per owner: customer service, warehouse, finance, planner."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from core.actors import Actor
from core.errors import DomainError, NotPermitted
from core.models import OverrideEntry
from core.refs import DocumentRef
from core.testing import drain
from credit.models import LimitAddition
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.close_case import close_case
from exceptions_app.services.detect import detect_all
from exceptions_app.services.take_case import take_case
from inventory.models import Demand
from inventory.services.receive_stock import receive_stock
from inventory.services.record_inbound import record_inbound
from orders.models import Hold
from orders.services.place import place
from tests.factories.accounts import UserFactory
from tests.factories.flow import breaches, line_ids, picked, released, stocked_world
from tests.factories.orders import CLERK, NOW, TODAY, allocated, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def person(*roles: str) -> Actor:
    user: User = UserFactory.create(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(roles), channel="console")


def offers(case: Case, now=NOW) -> dict[str, str]:
    """Suggestions in their order: what each would do, or why it cannot."""
    found = suggested(case_snapshots([case.pk])[case.pk], now=now)
    return {o.code: o.effect.text if o.effect.is_possible else f"no: {o.effect.why_not}" for o in found}


def settle(case: Case, code: str, actor: Actor, now=NOW) -> Case:
    take_case(case_id=case.pk, actor=actor, now=now)
    apply_resolution(case_id=case.pk, code=code, actor=actor, now=now, key="k")
    close_case(case_id=case.pk, actor=actor, now=now)
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("closed", code)
    return case


def test_customer_service_has_late_supply_expedited():
    world = make_world(stock=0)
    place(world.draft(5), actor=CLERK, now=NOW)
    supply = {"product_id": world.products[0].pk, "site_id": world.site.pk, "reference": "PO-7781"}
    record_inbound(**supply, qty=Decimal(5), eta_date=TODAY + DAY, actor=CLERK, now=NOW)
    now = NOW + 3 * DAY
    detect_all(now=now, only="late_supply")
    case = Case.objects.get(kind="late_supply")
    told = offers(case, now)
    assert list(told)[:2] == ["deal", "expedite"]
    assert told["expedite"] == "5 of PO-7781 on 7 Mar, 4 days late; who waits gets new dates from it"
    settle(case, "expedite", person("cs"), now)
    drain(now)
    detect_all(now=now, only="late_supply")
    assert not Case.objects.filter(kind="late_supply").exclude(status="closed").exists()


def test_the_warehouse_finds_the_rest_and_its_case_resolves_itself_customer_service_alone_gives_up_a_sale():
    world = stocked_world(stock_qty=8)
    sent = released(world, 8)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(5)})
    drain(NOW)
    case, picker = Case.objects.get(kind="short_pick"), person("warehouse")
    assert offers(case)["cancel_short"].startswith("gives up 30.00 USD")
    take_case(case_id=case.pk, actor=picker, now=NOW)
    with pytest.raises(NotPermitted, match="may not cancel what is short"):
        apply_resolution(case_id=case.pk, code="cancel_short", actor=picker, now=NOW, key="k")
    found = {"product_id": world.products[0].pk, "site_id": world.site.pk, "qty": Decimal(3)}
    receive_stock(**found, source=DocumentRef("receipt", 1, "R-1"), actor=picker, now=NOW)
    drain(NOW)
    detect_all(now=NOW, only="short_pick")
    case.refresh_from_db()
    assert (case.status, case.assignee_id) == ("auto_resolved", picker.user_id)
    close_case(case_id=case.pk, actor=picker, now=NOW)
    demand = Demand.objects.get()
    assert (demand.picked_qty, demand.allocated_qty, demand.backordered_qty) == (5, 3, 0)
    assert breaches() == []


def test_customer_service_gives_up_what_is_short_and_the_sale_is_counted_as_lost():
    world = stocked_world(stock_qty=8)
    sent = released(world, 8)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(5)})
    drain(NOW)
    case = settle(Case.objects.get(kind="short_pick"), "cancel_short", person("cs"))
    assert case.money_effect == Decimal("-30.00")
    demand = Demand.objects.get()
    assert (demand.picked_qty, demand.cancelled_qty, demand.backordered_qty) == (5, 3, 0)
    assert breaches() == []


def test_finance_releases_an_order_with_a_ceiling_and_the_override_is_logged():
    world = make_world(limit=50)
    place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    case = Case.objects.get(kind="credit_hold")
    told = offers(case)
    assert told["release_with_ceiling"].startswith("release with ceiling 100 USD until 5 Mar")
    assert told["lend_limit"].startswith("lends 50.00 USD of limit until 9 Mar")
    settle(case, "release_with_ceiling", person("finance", "finance_approver"))
    hold = Hold.objects.get(reason="credit")
    assert (hold.ceiling_amount, hold.cleared_at, hold.valid_until) == (Decimal(100), NOW, NOW + 3 * DAY)
    assert OverrideEntry.objects.count() == 1


def test_finance_lends_a_limit_for_a_week_and_the_order_goes_on():
    world = make_world(limit=50)
    order = place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    case = Case.objects.get(kind="credit_hold")
    seen = case.evidence
    assert (seen["rule"], seen["asked"], seen["limit"], seen["available"], seen["currency"]) == (
        "Credit", "100.00", "50.00", "50.00", "USD",
    )  # fmt: skip
    assert len(seen["also looked at"]) >= 1
    settle(case, "lend_limit", person("finance", "finance_approver"))
    drain(NOW)
    lent = LimitAddition.objects.get()
    assert (lent.kind, lent.amount, lent.valid_from, lent.valid_to) == ("temporary", 50, TODAY, TODAY + 7 * DAY)
    assert Hold.objects.get(order_id=order.order_id).cleared_at == NOW


def test_somebody_without_the_authority_may_not_do_it_from_a_case_either():
    world = make_world(limit=50)
    place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    case = Case.objects.get(kind="credit_hold")
    with pytest.raises(DomainError):
        apply_resolution(case_id=case.pk, code="release_with_ceiling", actor=person("warehouse"), now=NOW, key="k")
    case.refresh_from_db()
    assert (case.status, Hold.objects.get(reason="credit").cleared_at) == ("open", None)


def test_the_planner_borrows_for_an_old_backorder_from_an_order_wanted_later():
    world = stocked_world(stock_qty=6)
    lender = allocated(world, 6, requested_date=TODAY + 30 * DAY)
    place(world.draft(6, requested_date=TODAY), actor=CLERK, now=NOW)
    now = NOW + 8 * DAY
    detect_all(now=now, only="aged_backorder")
    case = Case.objects.get(kind="aged_backorder")
    told = offers(case, now)
    assert told["borrow"].startswith(f"borrow 6 from {lender.number}: its promise ")
    assert told["allocate"].startswith("no: No site has any of the 6")
    assert next(iter(told)) == "borrow"
    settle(case, "borrow", person("planner"), now)
    giver, taker = Demand.objects.order_by("id")
    assert (giver.backordered_qty, taker.allocated_qty, taker.backordered_qty) == (6, 6, 0)
    assert OverrideEntry.objects.filter(kind="reallocation").count() == 1
    assert breaches() == []


def test_what_a_person_settled_is_not_opened_again_until_something_changes_or_three_days_pass():
    world = stocked_world(stock_qty=4)
    place(world.draft(10, requested_date=TODAY), actor=CLERK, now=NOW)
    drain(NOW)
    now = NOW + 8 * DAY
    detect_all(now=now, only="aged_backorder")
    settle(Case.objects.get(kind="aged_backorder"), "ship_part", person("planner"), now)
    assert Demand.objects.get().released_qty == 4
    assert [d.opened for d in detect_all(now=now + DAY, only="aged_backorder")] == [0]
    assert [d.opened for d in detect_all(now=now + 4 * DAY, only="aged_backorder")] == [1]
