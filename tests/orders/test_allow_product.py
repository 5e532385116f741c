"""A product the customer is not authorized for, let through on one order: never against the law, never by who entered it."""

from decimal import Decimal

import pytest

from accounts import approvals
from accounts.models import ApprovalRequest, AuthorityLimit
from accounts.states import Role
from catalog.states import Effect
from core.actors import Actor
from core.errors import NotPermitted
from core.models import JournalEntry, OverrideEntry
from core.overrides import Reason
from core.testing import drain
from orders.gates import evaluate_gates
from orders.models import AllowedProduct, Order
from orders.rules.asks import DraftChanges
from orders.services.allow_product import (
    NothingForbids,
    NotToBeSetAside,
    OrderIsPlaced,
    allow_product,
    apply_approved_allowance,
)
from orders.services.capture import capture
from orders.services.edit_draft import edit_draft
from orders.services.place import place
from orders.services.split_line import split_line
from orders.services.submit import SubmitRefused, submit
from orders.states import Gate
from tests.factories.accounts import StaffFactory
from tests.factories.catalog import AuthorizationFactory
from tests.factories.doors import browser_of
from tests.factories.orders import CLERK, NOW, make_world

pytestmark = pytest.mark.django_db
WHY = Reason("customer_request", "Their hospital is taken over next week")


def acting(*roles):
    user = StaffFactory(roles=list(roles))
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


@pytest.fixture
def world():
    return make_world(products=2, stock=100)


@pytest.fixture
def order(world):
    """A draft of 4 of each of two products, of which the first is denied to the customer."""
    AuthorizationFactory(name="Not outside the region", product=world.products[0], account=world.account)
    return capture(world.draft(4, 4), actor=CLERK, now=NOW).order_id


def let(order, actor, line_no=1, **more):
    return allow_product(order_id=order, line_no=line_no, reason=WHY, actor=actor, now=NOW, **more)


def test_a_lead_lets_it_through_for_this_order_alone_and_it_is_in_the_log(world, order):
    with pytest.raises(SubmitRefused):
        submit(order_id=order, actor=CLERK, now=NOW)
    done = let(order, acting(Role.CS_LEAD))
    assert (done.is_applied, done.rules, done.worth) == (True, ("Not outside the region",), Decimal(40))
    entry = OverrideEntry.objects.get()
    assert (entry.kind, entry.money_effect, entry.account_id) == ("eligibility", 0, world.account.pk)
    assert entry.before == {
        "line": 1,
        "sku": world.products[0].sku,
        "allowed": False,
        "rules": ["Not outside the region"],
    }
    assert (entry.after["allowed"], entry.after["amount"]) == (True, "40.00")
    assert submit(order_id=order, actor=CLERK, now=NOW).total == 80
    with pytest.raises(OrderIsPlaced):
        let(order, acting(Role.CS_LEAD))
    with pytest.raises(SubmitRefused):
        place(world.draft(4, 4), actor=CLERK, now=NOW)


def test_more_than_was_weighed_is_asked_again(world, order):
    let(order, acting(Role.CS_LEAD))

    def wants(*qtys):
        current = Order.objects.get(pk=order).version
        lines = world.draft(*qtys).lines
        edit_draft(order_id=order, changes=DraftChanges(lines=lines), expected_version=current, actor=CLERK, now=NOW)

    wants(4000, 4)
    with pytest.raises(SubmitRefused, match="Not outside the region"):
        submit(order_id=order, actor=CLERK, now=NOW)
    again = let(order, acting(Role.CS_LEAD))  # 40,000 is above a lead's 5,000
    assert (again.is_applied, again.worth) == (False, Decimal(40_000))
    wants(3, 4)
    assert submit(order_id=order, actor=CLERK, now=NOW).total == 70


def test_a_part_that_is_split_off_is_allowed_as_its_line_was(world, order):
    draft = world.draft(150)  # 100 are there
    order = capture(draft, actor=CLERK, now=NOW).order_id
    let(order, acting(Role.CS_LEAD))
    submit(order_id=order, actor=CLERK, now=NOW)
    drain(NOW)
    split = split_line(order_id=order, line_no=1, reason=WHY.note, actor=CLERK, now=NOW)
    assert (split.new_line_no, split.qty) == (2, 50)
    assert [r.is_pass for r in evaluate_gates([order], {Gate.ELIGIBILITY}, now=NOW)[order]] == [True]


def test_another_rule_that_forbids_it_later_still_does(world, order):
    let(order, acting(Role.CS_LEAD))
    AuthorizationFactory(name="Recalled here", product=world.products[0], account=world.account, group=None, tier=None)
    AllowedProduct.objects.get()
    AuthorizationFactory._meta.model.objects.filter(name="Not outside the region").delete()
    with pytest.raises(SubmitRefused):
        submit(order_id=order, actor=CLERK, now=NOW)


def test_a_missing_licence_and_a_closed_product_are_nobodys_to_set_aside(world, order):
    AuthorizationFactory(
        name="DEA only", product=world.products[1], effect=Effect.ALLOW, license_kind="DEA", account=world.account
    )
    with pytest.raises(NotToBeSetAside, match="needs a valid DEA licence"):
        let(order, acting(Role.CS_LEAD), line_no=2)
    world.products[0].status = "discontinued"
    world.products[0].save()
    with pytest.raises(NotToBeSetAside):
        let(order, acting(Role.CS_LEAD))
    assert not OverrideEntry.objects.exists()


def test_who_may_not_and_what_needs_no_allowance(world):
    order = capture(world.draft(4), actor=CLERK, now=NOW).order_id
    with pytest.raises(NothingForbids):
        let(order, acting(Role.CS_LEAD))
    with pytest.raises(NotPermitted):
        let(order, acting(Role.FINANCE))


def test_who_entered_the_order_and_who_has_no_authority_ask_a_second_person(order):
    lead, clerk, boss = acting(Role.CS_LEAD), acting(Role.CS), acting(Role.FINANCE_APPROVER)
    Order.objects.filter(pk=order).update(entered_by_id=lead.user_id)
    asked = let(order, lead)
    assert (asked.is_applied, let(order, clerk).approval_id) == (False, asked.approval_id)
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.amount, request.content["line_no"]) == ("eligibility", 40, 1)
    with pytest.raises(approvals.SelfApproval):
        approvals.decide(approval_id=request.pk, approve=True, note="", actor=lead, now=NOW)
    approvals.decide(approval_id=request.pk, approve=True, note="", actor=boss, now=NOW)
    drain(NOW)
    entry = OverrideEntry.objects.get()
    assert (entry.actor_id, entry.approver_id) == (lead.user_id, boss.user_id)
    assert apply_approved_allowance(approval_id=request.pk, actor=CLERK, now=NOW) is True  # a second time
    assert OverrideEntry.objects.count() == 1
    assert not JournalEntry.objects.filter(verb="allowance_refused").exists()
    assert submit(order_id=order, actor=CLERK, now=NOW).number


def test_an_authority_used_up_by_its_amount_asks_too(order):
    AuthorityLimit.objects.create(kind="eligibility", role=Role.CS_LEAD, max_amount=Decimal("39.99"))
    assert not let(order, acting(Role.CS_LEAD)).is_applied
    assert not AllowedProduct.objects.exists()


def test_the_drafts_page_offers_it(order):
    browser = browser_of(StaffFactory(roles=[Role.CS_LEAD]))
    assert "Allow the product of line 1" in browser.get(f"/admin/orders/order/{order}/change/").content.decode()
    form = {"line_no": "1", "reason": "customer_request", "note": WHY.note}
    told = browser.post(f"/admin/orders/order/{order}/do/allow/", form, follow=True).content.decode()
    assert "Line 1 is allowed on this order, against Not outside the region" in told
