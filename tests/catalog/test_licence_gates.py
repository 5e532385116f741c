"""A licence is asked for when an order is placed and again when it is released, on the customer's own day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from catalog.models import License
from catalog.services.revoke_licence import revoke_licence
from catalog.states import Effect
from inventory.models import Demand
from orders.models import Order
from orders.services.place import place
from orders.services.submit import SubmitRefused
from tests.factories.catalog import AuthorizationFactory, LicenseFactory
from tests.factories.orders import CLERK, NOW, TODAY, allocated, make_world, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    made = make_world()
    AuthorizationFactory(name="Needs DEA", effect=Effect.ALLOW, product=made.products[0], license_kind="DEA")
    return made


def refusals(grant):
    return [(str(r.gate), r.message) for r in grant.refused]


def test_a_licence_that_expired_yesterday_is_refused_at_entry(world):
    LicenseFactory(account=world.account, valid_to=TODAY)  # yesterday was its last day
    LicenseFactory(kind="DEA")  # another customer's opens nothing here
    with pytest.raises(SubmitRefused) as refused:
        place(world.draft(5), actor=CLERK, now=NOW)
    assert [(e.code.split(":")[0], e.pointer) for e in refused.value.errors] == [
        ("not_eligible", "/lines/0/product_id")
    ]
    assert "needs a valid DEA licence" in refused.value.errors[0].message
    assert not Order.objects.exists()


def test_a_licence_that_expired_since_the_order_is_refused_at_release(world):
    LicenseFactory(account=world.account, valid_to=TODAY + timedelta(days=1))
    order = allocated(world, 5)
    grant = release([order.order_id], now=NOW + timedelta(days=1))[order.order_id]
    assert [gate for gate, _ in refusals(grant)] == ["eligibility"]
    assert "needs a valid DEA licence" in refusals(grant)[0][1]
    assert grant.claims == ()
    assert Demand.objects.get().released_qty == 0
    LicenseFactory(account=world.account, number="RENEWED", valid_from=TODAY + timedelta(days=1))
    assert release([order.order_id], now=NOW + timedelta(days=1))[order.order_id].claims


def test_a_licence_revoked_since_the_order_is_refused_at_release(world):
    licence = LicenseFactory(account=world.account)
    order = allocated(world, 5)
    revoke_licence(licence_id=licence.pk, revoked_date=TODAY, reason="Withdrawn", actor=CLERK, now=NOW)
    assert [gate for gate, _ in refusals(release([order.order_id])[order.order_id])] == ["eligibility"]
    assert License.objects.get().revoked_date == TODAY


@pytest.mark.parametrize(("zone", "may_buy"), [("America/New_York", True), ("Asia/Tokyo", False)])
def test_the_day_is_the_customers(zone, may_buy):
    world = make_world(time_zone=zone)
    AuthorizationFactory(name="Needs DEA", effect=Effect.ALLOW, product=world.products[0], license_kind="DEA")
    LicenseFactory(account=world.account, valid_to=date(2026, 3, 2))
    late = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 1 March in New York, 2 March in Tokyo
    if may_buy:
        assert place(world.draft(5), actor=CLERK, now=late).order_id
    else:
        with pytest.raises(SubmitRefused):
            place(world.draft(5), actor=CLERK, now=late)
