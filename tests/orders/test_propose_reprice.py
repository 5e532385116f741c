"""Prices changed for days that are over: what is proposed, who says yes, and that no document changes by itself."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts import approvals
from accounts.models import ApprovalRequest
from accounts.states import Role
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.testing import drain
from exceptions_app.models import Case
from inventory.models import Demand
from orders.models import OrderLine
from orders.services.place import place
from orders.services.propose_reprice import propose_reprice
from tests.factories.accounts import StaffFactory
from tests.factories.orders import CLERK, NOW, TODAY, make_world
from tests.factories.pricing import ContractFactory, PriceRowFactory

pytestmark = pytest.mark.django_db
WHY = "The contract was signed late"


def acting(user):
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


@pytest.fixture
def shipped():
    """40 of one product and 10 of another left at 10.00; 5 of the first are not shipped."""
    world = make_world(products=2, stock=100)
    place(world.draft(45, 10), actor=CLERK, now=NOW)
    drain(NOW)
    for line_no, qty, left in ((1, 40, 5), (2, 10, 0)):
        Demand.objects.filter(line_no=line_no).update(allocated_qty=left, shipped_qty=qty)
    contract = ContractFactory(account=world.account)
    PriceRowFactory(source=contract, product=world.products[0], unit_price=Decimal("9.20"))
    PriceRowFactory(source=contract, product=world.products[1], unit_price=Decimal(11))
    return world


def ask(world, actor, since=TODAY, until=TODAY + timedelta(days=1)):
    return propose_reprice(
        account_id=world.account.pk, since=since, until=until, reason=WHY, actor=actor, now=NOW + timedelta(days=9)
    )


def test_what_shipped_is_proposed_and_only_a_second_person_hands_it_on(shipped):
    asker, boss = acting(StaffFactory(roles=[Role.PRICING])), acting(StaffFactory(roles=[Role.FINANCE_APPROVER]))
    found = ask(shipped, asker)
    assert [(d.line_no, d.qty, d.effect) for d in found.differences] == [
        (1, 40, Decimal("-32.00")),
        (2, 10, Decimal("10.00")),
    ]
    assert (found.credit, found.rebill) == (Decimal("-32.00"), Decimal("10.00"))
    assert ask(shipped, asker).approval_id == found.approval_id
    assert ApprovalRequest.objects.get().amount == -22
    later = NOW + timedelta(days=9)
    with pytest.raises(approvals.SelfApproval):
        approvals.decide(approval_id=found.approval_id, approve=True, actor=asker, now=later)
    approvals.decide(approval_id=found.approval_id, approve=True, actor=boss, now=later)
    drain(later)
    case = Case.objects.get(kind="reprice_approved")
    assert (case.account_id, case.money_at_risk) == (shipped.account.pk, 22)
    assert "credit -32.00, rebill 10.00 USD" in case.summary
    assert set(OrderLine.objects.values_list("unit_price", flat=True)) == {10}  # no document changed


def test_where_nothing_differs_nothing_is_asked(shipped):
    asker = acting(StaffFactory(roles=[Role.PRICING]))
    assert ask(shipped, asker, since=date(2026, 1, 1), until=TODAY).differences == ()
    OrderLine.objects.update(price_basis="quote")  # agreed for the order: a list does not reach it
    assert ask(shipped, asker).approval_id is None
    assert not ApprovalRequest.objects.exists()


def test_who_may_ask_and_over_what(shipped):
    with pytest.raises(NotPermitted):
        ask(shipped, acting(StaffFactory(roles=[Role.CS])))
    with pytest.raises(InvalidInput):
        ask(shipped, acting(StaffFactory(roles=[Role.PRICING])), until=TODAY)


def test_the_page_shows_the_differences_and_leads_to_the_request(shipped, client):
    client.force_login(StaffFactory(roles=[Role.PRICING]))
    where = reverse("admin:orders_order_reprice")
    assert client.get(where).status_code == 200
    values = {
        "account": shipped.account.code,
        "since": str(TODAY),
        "until": str(TODAY + timedelta(days=1)),
        "reason": WHY,
    }
    page = client.post(where, values).content.decode()
    assert "-32.00" in page
    assert reverse("admin:accounts_approvalrequest_change", args=[ApprovalRequest.objects.get().pk]) in page
    assert "There is no account NOPE" in client.post(where, values | {"account": "NOPE"}).content.decode()
