"""A line split in two: nobody's place, price or credit changes, and the sums stay what they were."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.errors import NotFound
from core.models import OverrideEntry
from core.overrides import ReasonTooShort
from core.testing import drain
from credit.queries import exposure
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from inventory.models import Demand
from inventory.queries import promises
from inventory.services.record_inbound import record_inbound
from orders.models import LineSplit, Order
from orders.queries import pictures
from orders.services.keep_promise import NothingMoved, keep_promise
from orders.services.place import place
from orders.services.split_line import NotToBeSplit, split_line
from tests.factories.accounts import AssignmentFactory
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, TODAY, later, make_world, release

pytestmark = pytest.mark.django_db
WORD = "asked for by the customer, 2 March"


@pytest.fixture
def world():
    """60 wanted: 40 there, 30 come on the 8th; the account takes whole lines only."""
    made = make_world(stock=None, ship_complete="line")
    stock(made.products[0], made.site, 40)
    supply(made, 6)
    AssignmentFactory(account=made.account)
    return made


def supply(world, days, now=NOW):
    record_inbound(
        product_id=world.products[0].pk, site_id=world.site.pk, reference="PO-9", qty=Decimal(30),
        eta_date=later(days), actor=CLERK, now=now,
    )  # fmt: skip


def ordered(world, qty=60):
    order = place(world.draft(qty), actor=CLERK, now=NOW)
    drain(NOW)
    return order


def split(order, **more):
    given = {"line_no": 1, "reason": WORD} | more
    return split_line(order_id=order.order_id, actor=CLERK, now=NOW + timedelta(hours=1), **given)


def lines(order):
    return pictures([order.order_id])[order.order_id].lines


def test_what_waits_becomes_a_line_with_the_same_price_place_and_dates(world):
    order = ordered(world)
    before = exposure([world.account.pk], on=TODAY)[world.account.pk].parts
    old = Demand.objects.get()
    dates = [(s.qty, s.delivery_date, s.first_delivery_date) for s in promises([old.pk])[old.pk]]
    done = split(order)
    assert (done.new_line_no, done.qty) == (2, 20)
    first, second = lines(order)
    assert (first.demand.cancelled, first.demand.allocated, first.demand.backordered) == (20, 40, 0)
    assert (second.demand.ordered, second.demand.backordered) == (20, 20)
    assert (first.amount, second.amount, second.unit_price) == (400, 200, 10)
    assert Order.objects.get().total_amount == 600
    assert exposure([world.account.pk], on=TODAY)[world.account.pk].parts == before
    new = Demand.objects.latest("pk")
    assert (new.opened_at, new.tier_rank, new.requested_date) == (old.opened_at, old.tier_rank, old.requested_date)
    both = [*promises([old.pk])[old.pk], *promises([new.pk])[new.pk]]
    assert [(s.qty, s.delivery_date, s.first_delivery_date) for s in both] == dates
    assert LineSplit.objects.count() == 2
    assert OverrideEntry.objects.get(kind="split").reason == WORD
    assert breaches() == []


def test_the_part_that_is_there_is_released_where_the_whole_line_was_not(world):
    order = ordered(world)
    assert release([order.order_id])[order.order_id].claims == ()
    split(order)
    drain(NOW + timedelta(hours=1))
    (claim,) = release([order.order_id])[order.order_id].claims
    assert (claim.stock.demand_id, claim.stock.qty) == (lines(order)[0].demand.demand_id, 40)
    assert breaches() == []


def test_only_a_line_that_is_served_in_part_is_split_and_only_with_a_reason(world):
    order = ordered(world)
    with pytest.raises(ReasonTooShort):
        split(order, reason="because")
    assert Demand.objects.count() == 1
    with pytest.raises(NotFound):
        split(order, line_no=7)
    split(order)
    for line_no, why in ((1, "nothing of it waits"), (2, "all of it waits")):
        with pytest.raises(NotToBeSplit, match=why):
            split(order, line_no=line_no)
    assert Demand.objects.count() == 2


def test_the_customer_takes_the_new_day_once_and_is_asked_again_when_it_moves_again(world):
    order = ordered(world)
    with pytest.raises(NothingMoved):
        keep(order, NOW)
    for hours, days in ((1, 12), (2, 20)):
        now = NOW + timedelta(hours=hours)
        supply(world, days, now=now)
        drain(now)
        assert keep(order, now).until == keep(order, now).until == later(days + 2)
    told = [x for x in journal_of(order) if "keeps waiting" in x]
    assert len(told) == 2


def test_a_case_about_a_moved_promise_suggests_the_split_with_its_effect_and_does_it_once(world):
    order = ordered(world)
    at = NOW + timedelta(hours=1)
    supply(world, 12, now=at)
    drain(at)
    case = Case.objects.get(kind="promise_moved")
    offers = {s.code: s.effect.text for s in suggested(case_snapshots([case.pk])[case.pk], now=at)}
    sku = world.products[0].sku
    assert offers["split"] == (
        f"40 of {sku} go now; 20 come on 16 Mar, at their price and place in the queue, on a new line"
    )
    apply_resolution(case_id=case.pk, code="split", actor=CLERK, now=at, key="k1")
    assert [x.qty for x in lines(order)] == [60, 20]
    assert case.number in OverrideEntry.objects.get(kind="split").reason


def keep(order, now):
    return keep_promise(order_id=order.order_id, line_no=1, word=WORD, actor=CLERK, now=now)


def journal_of(order):
    from core.journal import timeline
    from core.refs import DocumentRef

    return [t.summary for t in timeline(DocumentRef("order", order.order_id))]
