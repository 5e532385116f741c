"""Where credit is asked: at entry, before stock is allocated, at release, at the pick and when goods leave (ADR 13)."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.services.post_receipt import post_receipt
from core.actors import Actor
from core.models import JournalEntry
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount
from credit.services.change_limit import change_limit
from credit.states import CheckPoint
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.services.take_case import take_case
from fulfillment.models import Shipment
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.pick_over import SurplusOverCredit
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand
from inventory.services.allocate import allocate
from inventory.services.reallocate import impact_of, reallocate
from orders.models import Hold
from orders.rules.asks import LineDraft
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from tests.factories.accounts import StaffFactory
from tests.factories.flow import PICKER, breaches, line_ids, picked, placed, released, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW

pytestmark = pytest.mark.django_db
WHY = Reason("review", "The yearly review of the file")
POINTS = [str(p) for p in CheckPoint]


def asked_at(*points):
    CreditAccount.objects.update(check_points=list(points))


def cut(world, limit):
    change_limit(account_id=world.account.pk, limit_amount=Decimal(limit), reason=WHY, actor=FINANCE, now=NOW)
    drain(NOW)


def pay(world, amount, reference="WIRE-1"):
    post_receipt(
        account_id=world.account.pk, amount=Decimal(amount), currency="USD", received_date=NOW.date(),
        reference=reference, actor=FINANCE, now=NOW,
    )  # fmt: skip
    drain(NOW)


def send(order_id):
    return release_orders(order_ids=[order_id], actor=CLERK, now=NOW)[0]


def buckets(order_id):
    d = Demand.objects.get(ref_kind="order", ref_id=order_id)
    return int(d.backordered_qty), int(d.reserved_qty), int(d.allocated_qty)


def open_holds():
    found = Hold.objects.filter(cleared_at__isnull=True).order_by("order_id")
    return [(h.order_id, h.reason, h.blocks) for h in found]


def test_entry_holds_only_where_it_is_asked():
    world = stocked_world(limit=50)
    held = placed(world, 10)
    assert open_holds() == [(held, "credit", ["release"])]
    asked_at(*[p for p in POINTS if p not in ("entry", "allocation")])
    placed(world, 10)
    assert len(open_holds()) == 1


def test_without_allocation_among_the_points_a_limit_cut_before_it_holds_nothing_until_release():
    world = stocked_world(limit=1000)
    assert CreditAccount.objects.get().check_points == ["entry", "release", "pick", "ship"]  # the default
    order_id = place(world.draft(10), actor=CLERK, now=NOW).order_id
    cut(world, 50)
    assert (buckets(order_id), open_holds()) == ((0, 0, 10), [])
    assert [r.rule for r in send(order_id).refused] == ["credit"]


def test_at_allocation_an_account_that_does_not_pass_keeps_its_stock_softly_and_finance_gets_its_case():
    world, other = stocked_world(limit=1000, stock_qty=15), stocked_world(limit=1000)
    asked_at(*POINTS)
    theirs = place(other.draft(3), actor=CLERK, now=NOW).order_id
    order_id = place(world.draft(10), actor=CLERK, now=NOW).order_id
    assert buckets(order_id) == (0, 10, 0)  # reserved at submit; the allocation is a job
    CreditAccount.objects.filter(account=world.account).update(limit_amount=50)
    drain(NOW)
    assert (buckets(order_id), buckets(theirs)) == ((0, 10, 0), (0, 0, 3))  # nobody else's allocation waited
    assert open_holds() == [(order_id, "credit", ["allocate", "release"])]
    case = Case.objects.get()
    assert (case.kind, case.queue.code, case.subject_id) == ("credit_hold", "finance", order_id)
    later = Hold.objects.get()
    assert later.explanation["outcome"] == "Over by 50.00: this order 100 against 50 USD."
    allocate(trigger_key="again", product_ids=None, actor=CLERK, now=NOW)
    drain(NOW)
    assert (buckets(order_id), Hold.objects.count(), Case.objects.count()) == ((0, 10, 0), 1, 1)  # nothing twice
    assert not send(order_id).is_released


def test_it_keeps_its_rank_so_who_comes_later_gets_only_what_it_leaves():
    world = stocked_world(limit=1000, stock_qty=8)
    asked_at(*POINTS)
    first = place(world.draft(6), actor=CLERK, now=NOW).order_id
    CreditAccount.objects.update(limit_amount=59)
    other = stocked_world(limit=1000)
    later = place(
        other.draft_of([LineDraft(1, Decimal(5), product_id=world.products[0].pk)]), actor=CLERK, now=NOW
    ).order_id
    drain(NOW)
    assert (buckets(first), buckets(later)) == ((0, 6, 0), (3, 0, 2))


def test_stock_moved_by_hand_to_an_account_that_does_not_pass_is_its_softly_and_finance_gets_its_case():
    world, other = stocked_world(limit=1000, stock_qty=8), stocked_world(limit=1000)
    asked_at(*POINTS)
    giver = place(world.draft(6), actor=CLERK, now=NOW).order_id
    drain(NOW)
    wanted = other.draft_of([LineDraft(1, Decimal(5), product_id=world.products[0].pk)])
    taker = place(wanted, actor=CLERK, now=NOW).order_id
    drain(NOW)
    assert (buckets(giver), buckets(taker)) == ((0, 0, 6), (3, 0, 2))
    CreditAccount.objects.filter(account=other.account).update(limit_amount=40)
    ids = {d.ref_id: d.pk for d in Demand.objects.all()}
    move = {"from_id": ids[giver], "to_id": ids[taker], "qty": Decimal(2), "now": NOW}
    assert impact_of(**move).taker.is_soft
    reason = Reason("reallocation", "the truck for them leaves today")
    assert reallocate(**move, reason=reason, actor=CLERK).taker.after == 4
    assert (buckets(giver), buckets(taker)) == ((2, 0, 4), (1, 2, 2))
    drain(NOW)
    assert open_holds() == [(taker, "credit", ["allocate", "release"])]
    assert Case.objects.get(kind="credit_hold").subject_id == taker
    assert breaches() == []


@pytest.mark.parametrize("how", ["payment", "limit", "person"])
def test_what_credit_lets_go_is_allocated_at_once(how):
    world = stocked_world(limit=1000)
    asked_at(*POINTS)
    order_id = place(world.draft(10), actor=CLERK, now=NOW).order_id
    CreditAccount.objects.update(limit_amount=50)
    drain(NOW)
    if how == "payment":
        pay(world, 50)
    elif how == "limit":
        cut(world, 100)
    else:
        clear_hold(hold_id=Hold.objects.get().pk, reason=WHY, actor=FINANCE, now=NOW)
        drain(NOW)
    assert (open_holds(), buckets(order_id)) == ([], (0, 0, 10))
    assert Case.objects.get().status == "auto_resolved"
    assert send(order_id).is_released
    assert breaches() == []


def test_an_order_held_at_entry_keeps_its_hold_which_then_keeps_its_stock_soft_and_opens_no_second_case():
    world = stocked_world(limit=50)
    asked_at(*POINTS)
    order_id = placed(world, 10)
    assert open_holds() == [(order_id, "credit", ["allocate", "release"])]
    assert (buckets(order_id), Case.objects.count(), Hold.objects.count()) == ((0, 10, 0), 1, 1)


def test_where_a_limit_falls_the_oldest_orders_keep_their_credit_and_the_youngest_waits():
    world = stocked_world(limit=1000)
    asked_at(*POINTS)
    first, second, third = (place(world.draft(3), actor=CLERK, now=NOW).order_id for _ in range(3))
    CreditAccount.objects.update(limit_amount=60)
    drain(NOW)
    assert [buckets(i) for i in (first, second, third)] == [(0, 0, 3), (0, 0, 3), (0, 3, 0)]
    assert open_holds() == [(third, "credit", ["allocate", "release"])]


def test_what_is_allocated_already_stays_allocated():
    world = stocked_world(limit=1000)
    asked_at(*POINTS)
    order_id = placed(world, 10)
    cut(world, 50)
    allocate(trigger_key="again", product_ids=[world.products[0].pk], actor=CLERK, now=NOW)
    drain(NOW)
    assert (buckets(order_id), open_holds()) == ((0, 0, 10), [])


def test_the_look_at_allocation_costs_as_much_for_8_held_orders_as_for_2():
    def looked(count):
        world = stocked_world(limit=1000, stock_qty=500)
        CreditAccount.objects.filter(account=world.account).update(check_points=POINTS)
        for _ in range(count):
            place(world.draft(2), actor=CLERK, now=NOW)
        CreditAccount.objects.filter(account=world.account).update(limit_amount=1)
        with CaptureQueriesContext(connection) as asked:
            allocate(trigger_key=f"look {count}", product_ids=[world.products[0].pk], actor=CLERK, now=NOW)
        return len(asked)

    looked(1)
    assert looked(2) == looked(8)


def test_release_holds_only_where_it_is_asked():
    world = stocked_world(limit=1000)
    first, second = placed(world, 10), placed(world, 10)
    cut(world, 150)
    assert [r.rule for r in send(first).refused] == ["credit"]
    asked_at("entry")
    assert send(second).is_released


def test_the_pick_asks_only_for_what_is_added():
    world = stocked_world(limit=1000)
    world.account.over_ship_percent = Decimal(50)
    world.account.save(update_fields=["over_ship_percent"])
    full, more = released(world, 10), released(world, 10)
    cut(world, 1)
    assert picked(full) == "packed"  # over the limit by far, and nothing is added
    (line,) = line_ids(more.shipment_id)
    with pytest.raises(SurplusOverCredit, match=r"would owe 10\.00 USD more: Over by 209\.00"):
        confirm_pick(shipment_id=more.shipment_id, picks={line: Decimal(11)}, actor=PICKER, now=NOW)
    assert picked(more) == "packed"
    assert open_holds() == []


def leave(sent):
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    drain(NOW)


def kept_look(sent):
    entry = JournalEntry.objects.get(subject_kind="shipment", subject_id=sent.shipment_id, verb="shipped")
    return entry.data.get("credit")


def test_goods_that_are_picked_leave_whatever_credit_says_and_the_next_release_of_the_account_waits():
    world = stocked_world(limit=1000)
    asked_at("entry", "ship")  # not at release
    sent, following = released(world, 10), placed(world, 5)
    cut(world, 100)
    leave(sent)
    assert Shipment.objects.get().status == "shipped"
    assert kept_look(sent) == {
        "passes": False,
        "sum": "shipped 100 + open orders 50 against 100 USD",
        "reasons": {"credit_limit": "Over by 50.00: shipped 100 + open orders 50 against 100 USD."},
    }
    case = Case.objects.get(kind="shipped_over_credit")
    assert (case.queue.code, case.subject_kind, case.subject_id, case.money_at_risk) == (
        "finance", "account", world.account.pk, 50,
    )  # fmt: skip
    cut(world, 99)
    assert [r.message for r in send(following).refused] == [
        "Over by 51.00: open receivables 100 + this order 50 against 99 USD."
    ]
    assert open_holds() == [(following, "credit", ["release"])]
    pay(world, 51)
    detect_all(now=NOW, only="shipped_over_credit")
    case.refresh_from_db()
    assert case.status == "auto_resolved"
    assert send(following).is_released


def test_an_account_that_passes_ships_without_a_case_and_the_look_is_kept():
    world = stocked_world(limit=1000)
    sent = released(world, 10)
    leave(sent)
    assert kept_look(sent) == {"passes": True, "sum": "shipped 100 against 1,000 USD", "reasons": {}}
    assert Case.objects.count() == 0


def test_where_shipping_is_not_asked_nothing_is_looked_at_and_the_next_release_goes():
    world = stocked_world(limit=1000)
    asked_at("entry", "pick")
    sent, following = released(world, 10), placed(world, 5)
    cut(world, 1)
    leave(sent)
    assert (kept_look(sent), Case.objects.count()) == (None, 0)
    assert send(following).is_released


def test_two_shipments_over_credit_are_one_case_while_it_is_open():
    world = stocked_world(limit=1000)
    first, second = released(world, 10), released(world, 10)
    cut(world, 1)
    leave(first)
    leave(second)
    assert Case.objects.filter(kind="shipped_over_credit").count() == 1


def person(role):
    user = StaffFactory.create(roles=[role])
    return Actor(str(user), user_id=user.pk, roles=frozenset({role}), channel="console")


def test_finance_looks_again_or_lends_what_is_missing_and_the_account_ships_on():
    world = stocked_world(limit=1000)
    sent, following = released(world, 10), placed(world, 5)
    cut(world, 100)
    leave(sent)
    case, finance = Case.objects.get(kind="shipped_over_credit"), person("finance_approver")
    told = {o.code: o.effect.text for o in suggested(case_snapshots([case.pk])[case.pk], now=NOW)}
    assert told == {
        "recheck_credit": "stays as it is: open receivables 100 + open orders 50 against 100 USD",
        "lend_limit": "lends 50.00 USD of limit until 9 Mar; releases go on",
    }
    take_case(case_id=case.pk, actor=finance, now=NOW)
    apply_resolution(case_id=case.pk, code="recheck_credit", actor=finance, now=NOW, key="look")
    case.refresh_from_db()
    assert case.status not in ("resolved", "closed")  # nothing changed, so it goes on
    apply_resolution(case_id=case.pk, code="lend_limit", actor=finance, now=NOW, key="lend")
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("resolved", "lend_limit")
    assert send(following).is_released
    assert breaches() == []
