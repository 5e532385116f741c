"""The clicks of orders, holds, supply and stock, each on a case its own cause opened: what it does and how the case ends."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.states import Role
from catalog.models import CustomerPartNumber
from core import outbox
from core.actors import Actor
from core.models import Job, OverrideEntry
from core.testing import drain
from credit.models import CreditAccount, LimitAddition
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from inventory.models import Demand, StockBalance
from inventory.services.adjust_stock import adjust_stock
from inventory.services.allocate import allocate
from inventory.services.expire_lots import expire_lots
from inventory.services.record_inbound import record_inbound
from orders.models import Hold, Order, OrderLine
from orders.rules.asks import LineDraft
from orders.services.cancel import cancel_order
from orders.services.capture import capture
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.services.resolve_line import resolve_line
from orders.states import HoldReason
from tests.factories.accounts import TierFactory
from tests.factories.exceptions import opened
from tests.factories.flow import stocked_world
from tests.factories.inventory import NOW as STOCK_NOW
from tests.factories.inventory import SiteFactory, StockedProductFactory, stock
from tests.factories.orders import CLERK, NOW, TODAY, World, allocated, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
FIN = Actor("Fin Ance", roles=frozenset({Role.FINANCE, Role.FINANCE_APPROVER}))
PLAN = Actor("Petra", roles=frozenset({Role.PLANNER}))
WHY = "The customer asked us to wait"


def mend(case: Case, code: str, actor: Actor = CLERK, now=NOW) -> str:
    asked = apply_resolution(case_id=case.pk, code=code, actor=actor, now=now, key="k")
    case.refresh_from_db()
    return asked


def offered(case: Case, now=NOW) -> dict[str, str]:
    found = suggested(case_snapshots([case.pk])[case.pk], now=now)
    return {o.code: o.effect.text if o.effect.is_possible else f"no: {o.effect.why_not}" for o in found}


def held_for_days() -> tuple[Case, Case]:
    """The cases of a credit hold of 100.00 over a limit of 50.00: the hold's own and, two days later, the old one's."""
    world = make_world(limit=50)
    place(world.draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=NOW + 3 * DAY, only="aged_credit_hold")
    return Case.objects.get(kind="credit_hold"), Case.objects.get(kind="aged_credit_hold")


@pytest.mark.parametrize("code", ["release_with_ceiling", "lend_limit", "recheck_credit", "cancel_order"])
def test_an_old_credit_hold_goes_with_each_click_of_finance_and_so_does_the_hold_s_own_case(code):
    own, old = held_for_days()
    then = NOW + 3 * DAY
    if code == "recheck_credit":
        CreditAccount.objects.update(limit_amount=1000)
    mend(old, code, CLERK if code == "cancel_order" else FIN, then)
    drain(then)
    own.refresh_from_db()
    assert (old.status, old.resolution_code, own.status) == ("resolved", code, "auto_resolved")
    hold, order = Hold.objects.get(reason="credit"), Order.objects.get()
    assert hold.cleared_at == then
    assert order.status == ("cancelled" if code == "cancel_order" else "submitted")


def test_a_lent_limit_lets_the_order_go_before_its_case_ends():
    own, _ = held_for_days()
    assert mend(own, "lend_limit", FIN, NOW + 3 * DAY) == ""
    assert own.status == "resolved"
    assert Hold.objects.get(reason="credit").cleared_at == NOW + 3 * DAY  # at once, not by a job that follows
    assert LimitAddition.objects.get().amount == 50


def test_a_lent_limit_that_leaves_the_order_held_leaves_its_case_open_with_the_reason():
    own, _ = held_for_days()
    order = Order.objects.get()
    place_hold(order_id=order.pk, note=WHY, reason=HoldReason.CREDIT, actor=FIN, now=NOW)
    drain(NOW)
    by_hand = Case.objects.filter(kind="credit_hold").exclude(pk=own.pk).get()
    words = mend(by_hand, "lend_limit", FIN)
    assert words == f"Credit was lent 50.00 USD, looked again and still holds the order: {WHY}"
    assert (by_hand.status, by_hand.resolution_code) == ("open", "")
    assert by_hand.events.last().verb == "asked"
    assert list(Hold.objects.order_by("pk").values_list("cleared_at", flat=True)) == [NOW, None]


def test_a_credit_hold_is_cleared_by_finance_and_the_override_is_kept():
    own, _ = held_for_days()
    mend(own, "clear_hold", FIN)
    assert own.status == "resolved"
    assert Hold.objects.get().cleared_at == NOW
    assert OverrideEntry.objects.count() == 1


@pytest.mark.parametrize(("code", "ends"), [("clear_hold", "submitted"), ("cancel_order", "cancelled")])
def test_an_order_held_by_hand_goes_on_or_is_given_up(code, ends):
    placed = place(make_world().draft(1), actor=CLERK, now=NOW)
    place_hold(order_id=placed.order_id, note=WHY, actor=CLERK, now=NOW)
    drain(NOW)
    case = Case.objects.get(kind="order_hold")
    assert (case.queue.code, case.summary) == ("cs", WHY)
    mend(case, code)
    assert (case.status, case.resolution_code) == ("resolved", code)
    assert Order.objects.get().status == ends
    assert Hold.objects.get().cleared_at == NOW


def stuck(world: World) -> Case:
    place(world.draft(3, requested_date=TODAY), actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=NOW + 4 * DAY, only="order_stuck")
    return Case.objects.get(kind="order_stuck")


def test_a_stuck_order_is_sent_or_given_up():
    case = stuck(stocked_world())
    assert offered(case, NOW + 4 * DAY)["ship_part"].startswith("the warehouse gets 3 now")
    mend(case, "ship_part", now=NOW + 4 * DAY)
    assert (case.status, Demand.objects.get().released_qty) == ("resolved", 3)


def test_a_stuck_order_is_given_up_with_its_worth():
    case = stuck(stocked_world())
    mend(case, "cancel_order", now=NOW + 4 * DAY)
    assert (case.status, case.money_effect) == ("resolved", Decimal(-30))
    assert Order.objects.get().status == "cancelled"


def lost_parts(world: World) -> Case:
    capture(world.draft_of([LineDraft(1, Decimal(2), stated_code="OUR-77")]), actor=CLERK, now=NOW)
    drain(NOW)
    return Case.objects.get(kind="unresolved_lines")


def test_parts_nobody_knows_are_matched_again_once_somebody_says_what_they_are():
    world = make_world()
    case = lost_parts(world)
    assert (case.queue.code, case.summary) == ("cs", "1 line with parts we do not know: OUR-77")
    assert mend(case, "rematch") == "nobody knows the part of line 1 yet"
    assert case.status == "open"
    CustomerPartNumber.objects.create(account=world.account, part_number="OUR-77", product=world.products[0])
    mend(case, "rematch")
    assert (case.status, OrderLine.objects.get().product_id) == ("resolved", world.products[0].pk)


def test_an_order_of_parts_nobody_knows_is_given_up():
    case = lost_parts(make_world())
    mend(case, "cancel_order")
    assert (case.status, Order.objects.get().status) == ("resolved", "cancelled")


def waits(kind: str) -> tuple[World, Case]:
    """A promise of 10 that the stock, damaged to 4, keeps no more: lost, or moved to supply that comes in nine days."""
    world = stocked_world(stock_qty=10)
    allocated(world, 10, requested_date=TODAY, cancel_after_date=TODAY + 5 * DAY)
    drain(NOW)
    (balance,) = _balances()
    if kind == "promise_moved":
        _supply(world)
    adjust_stock(balance_id=balance, qty=Decimal(-6), reason="water damage", actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=NOW, only="cancel_date_at_risk")
    return world, Case.objects.get(kind=kind)


def _balances() -> list[int]:
    return list(StockBalance.objects.values_list("pk", flat=True))


def _supply(world: World) -> int:
    return record_inbound(
        product_id=world.products[0].pk, site_id=world.site.pk, reference="PO-9", qty=Decimal(6),
        eta_date=TODAY + 9 * DAY, actor=CLERK, now=NOW,
    )  # fmt: skip


PROMISES = ["promise_lost", "promise_moved", "cancel_date_at_risk"]


@pytest.mark.parametrize("kind", PROMISES)
def test_what_is_missing_of_a_promise_is_given_up_and_the_rest_stays(kind):
    _, case = waits(kind)
    mend(case, "cancel_backorder")
    assert (case.status, case.money_effect) == ("resolved", Decimal(-60))
    demand = Demand.objects.get()
    assert (demand.cancelled_qty, demand.allocated_qty, demand.backordered_qty) == (6, 4, 0)


@pytest.mark.parametrize("kind", PROMISES)
def test_what_is_there_of_a_promise_is_sent_and_the_rest_follows(kind):
    _, case = waits(kind)
    assert offered(case)["ship_part"] == "the warehouse gets 4 now if every gate lets it go; 6 follow"
    mend(case, "ship_part")
    demand = Demand.objects.get()
    assert (case.status, demand.released_qty, demand.backordered_qty) == ("resolved", 4, 6)


@pytest.mark.parametrize("kind", PROMISES)
def test_stock_that_turns_up_is_given_to_a_promise_at_a_click(kind):
    world, case = waits(kind)
    assert offered(case)["allocate"].startswith("no: No site has any of the 6")
    stock(world.products[0], world.site, 6)
    assert offered(case)["allocate"].startswith("finds 6 of 6 at RENO")
    mend(case, "allocate", PLAN)
    demand = Demand.objects.get()
    assert (case.status, demand.allocated_qty, demand.backordered_qty) == ("resolved", 10, 0)


@pytest.mark.parametrize("kind", ["allocation_conflict", "claims_gave_way"])
def test_stock_is_dealt_again_at_a_click(kind):
    if kind == "allocation_conflict":
        gold, plain = TierFactory(rank=1), TierFactory(rank=5)
        world = make_world(stock=10, tier=plain)
        allocated(world, 10)
        world.account.tier = gold
        world.account.save()
        place(world.draft(4), actor=CLERK, now=NOW)
        detect_all(now=NOW, only=kind)
    else:
        world, _ = waits("promise_lost")
    case = Case.objects.get(kind=kind)
    stock(world.products[0], world.site, 4)
    mend(case, "deal", PLAN)
    demand = Demand.objects.order_by("-pk").first()
    assert (case.status, case.resolution_code) == ("resolved", "deal")
    assert demand.backordered_qty == (0 if kind == "allocation_conflict" else 2)


def ends_by_itself(case: Case, now=NOW) -> bool:
    detect_all(now=now, only=case.kind)
    case.refresh_from_db()
    return case.status == "auto_resolved"


def test_a_case_about_parts_ends_by_itself_when_somebody_matched_them_by_hand():
    world = make_world()
    case = lost_parts(world)
    assert not ends_by_itself(case)
    order = Order.objects.get()
    resolve_line(order_id=order.pk, line_no=1, product_id=world.products[0].pk, actor=CLERK, now=NOW)
    assert ends_by_itself(case)
    assert [e.verb for e in case.events.order_by("pk")] == ["opened", "auto_resolved"]


def test_a_case_about_parts_ends_by_itself_when_the_order_is_given_up():
    case = lost_parts(make_world())
    cancel_order(order_id=case.subject_id, reason="no longer wanted", actor=CLERK, now=NOW)
    assert ends_by_itself(case)


def test_a_dead_job_that_was_run_again_elsewhere_ends_its_case():
    place(make_world().draft(1), actor=CLERK, now=NOW)
    job = Job.objects.order_by("pk").first()
    Job.objects.filter(pk=job.pk).update(state="dead", attempts=5)
    case = opened(now=NOW, kind="job_died", subject_id=job.pk, cause_key=job.reaction)
    assert not ends_by_itself(case)
    assert outbox.revive(job.pk, now=NOW)
    assert ends_by_itself(case)


def test_stock_that_gave_way_is_no_trouble_once_nobody_waits_for_it():
    world, _ = waits("promise_lost")
    case = Case.objects.get(kind="claims_gave_way")
    assert not ends_by_itself(case)
    stock(world.products[0], world.site, 6)
    allocate(trigger_key="again", product_ids=[world.products[0].pk], actor=PLAN, now=NOW)
    assert ends_by_itself(case)


def test_an_expired_lot_is_no_trouble_once_it_left_the_books():
    product = StockedProductFactory()
    stock(product, SiteFactory(), 4, lot="L1", expiry=STOCK_NOW.date() + DAY)
    expire_lots(actor=PLAN, now=STOCK_NOW + 3 * DAY)
    case = Case.objects.get(kind="lot_expired")
    assert not ends_by_itself(case, STOCK_NOW)
    balance = StockBalance.objects.get(on_hand_qty__gt=0)
    adjust_stock(balance_id=balance.pk, qty=Decimal(-4), reason="thrown away", actor=CLERK, now=STOCK_NOW)
    assert ends_by_itself(case, STOCK_NOW)
