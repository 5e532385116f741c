"""Credit under fire: what fits is released and not a cent more, whoever pays, cuts or releases at the same moment."""

from decimal import Decimal

import pytest

from billing.services.post_receipt import post_receipt
from core.overrides import Reason
from core.testing import drain, race
from credit.models import CreditAccount
from credit.services.change_limit import change_limit
from fulfillment.services.release_orders import release_orders
from inventory.services.allocate import allocate
from orders.models import Hold
from orders.rules.asks import Submitted
from orders.services.place import place
from tests.factories.flow import NOW, PICKER, breaches, placed, stocked_world
from tests.factories.orders import CLERK, FINANCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]
WHY = Reason("review", "The yearly review of the file")


def send(order_id):
    return release_orders(order_ids=[order_id], actor=PICKER, now=NOW)[0]


def pay(world, amount, reference):
    return post_receipt(
        account_id=world.account.pk,
        amount=Decimal(amount),
        currency="USD",
        received_date=NOW.date(),
        reference=reference,
        actor=FINANCE,
        now=NOW,
    )


def cut(world, limit):
    return change_limit(account_id=world.account.pk, limit_amount=Decimal(limit), reason=WHY, actor=FINANCE, now=NOW)


def books_are_whole():
    drain(NOW)
    assert breaches() == []


def test_of_16_orders_at_once_that_each_fit_exactly_those_that_fit_together_are_released():
    world = stocked_world(limit=500, stock_qty=1000)
    drafts = [world.draft(10) for _ in range(16)]  # 100 each: five fit
    outcomes = race(*[lambda d=d: place(d, actor=CLERK, now=NOW) for d in drafts])
    assert [type(x) for x in outcomes] == [Submitted] * 16
    assert sum(not x.is_held for x in outcomes) == 5
    allocate(trigger_key="all", product_ids=None, actor=CLERK, now=NOW)
    sent = race(*[lambda i=x.order_id: send(i) for x in outcomes])
    assert {x.order_id for x in sent if x.is_released} == {x.order_id for x in outcomes if not x.is_held}
    assert CreditAccount.objects.get().released_amount == 500
    assert Hold.objects.filter(cleared_at__isnull=True, reason="credit").count() == 11
    books_are_whole()


def test_payments_beside_releases_let_go_what_they_pay_for_and_nothing_else():
    world = stocked_world(limit=100, stock_qty=1000)
    orders = [placed(world, 10) for _ in range(4)]
    outcomes = race(
        *[lambda i=i: send(i) for i in orders],
        lambda: pay(world, "100", "WIRE-1"),
        lambda: pay(world, "100", "WIRE-2"),
    )
    drain(NOW)
    later = [send(i) for i in orders]
    gone = {x.order_id for x in (*outcomes[:4], *later) if x.is_released}
    assert gone == set(orders[:3])  # 100 of limit and 200 of cash; the youngest waits
    account = CreditAccount.objects.get()
    assert account.released_amount - account.unapplied_amount == 100
    books_are_whole()


def test_a_limit_cut_beside_releases_is_before_or_after_each_and_never_between():
    world = stocked_world(limit=300, stock_qty=1000)
    orders = [placed(world, 10) for _ in range(3)]
    outcomes = race(*[lambda i=i: send(i) for i in orders], lambda: cut(world, 100))
    gone = sum(x.is_released for x in outcomes[:3])
    account = CreditAccount.objects.get()
    assert (account.released_amount, account.limit_amount) == (100 * gone, 100)
    assert [send(i).is_released for i in orders].count(True) == (1 if gone == 0 else 0)
    assert CreditAccount.objects.get().released_amount == 100 * max(gone, 1)
    books_are_whole()
