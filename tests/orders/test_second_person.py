"""Holds hold: who may set one aside, what a forced one survives, and what becomes of them when the order is over."""

from dataclasses import replace
from decimal import Decimal

import pytest

from accounts.approvals import AuthorityExceeded
from accounts.models import AuthorityLimit, User
from accounts.states import Role
from core.overrides import Reason, SelfApproval
from core.testing import drain
from credit.models import CreditAccount, OpenOrderDay
from credit.services.open_credit_account import open_credit_account
from exceptions_app.models import Case
from fulfillment.services.release_orders import release_orders
from inventory.models import Demand
from orders.models import Hold
from orders.services.cancel import cancel_lines, cancel_order
from orders.services.capture import capture
from orders.services.clear_hold import NoCreditAccount, clear_hold
from orders.services.place import place
from orders.services.place_hold import place_hold
from orders.services.submit import submit
from orders.states import Blocks, HoldReason
from tests.factories.accounts import AuthorityFactory, StaffFactory, UserFactory
from tests.factories.credit import TermsFactory
from tests.factories.flow import breaches, placed, stocked_world
from tests.factories.orders import CLERK, FINANCE, NOW, allocated, make_world, release

pytestmark = pytest.mark.django_db
BECAUSE = Reason("trusted", "They have paid for twenty years.")
NOTE = "customer asked us to wait"


def gates_of(grant) -> list[str]:
    return [str(r.gate) for r in grant.refused]


def test_a_second_forced_hold_holds_again_though_the_first_was_cleared():
    order = allocated(make_world(), 5)
    for _ in range(2):
        hold = place_hold(order_id=order.order_id, note=NOTE, reason=HoldReason.CREDIT, actor=CLERK, now=NOW)
        assert gates_of(release([order.order_id])[order.order_id]) == ["approval"]
        clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW)
    assert not Hold.objects.filter(is_waiver=True).exists()
    assert release([order.order_id])[order.order_id].claims


def test_who_entered_the_order_does_not_clear_its_credit_hold_and_a_colleague_does():
    world = make_world(limit=10)
    buyer = replace(FINANCE, user_id=UserFactory().pk)
    (hold,) = place(world.draft(5), actor=buyer, now=NOW).holds
    with pytest.raises(SelfApproval):
        clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=buyer, now=NOW)
    assert Hold.objects.get().cleared_at is None
    colleague = StaffFactory(roles=[Role.FINANCE])
    clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=replace(FINANCE, user_id=colleague.pk), now=NOW)


def test_finance_lets_25000_go_alone_and_not_a_cent_or_a_ceiling_more():
    world = make_world(limit=10, stock=9_000)
    (hold,) = place(world.draft(2_500), actor=CLERK, now=NOW).holds
    with pytest.raises(AuthorityExceeded):
        clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW, ceiling=Decimal("25000.01"))
    clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW, ceiling=Decimal(25_000))
    (more,) = place(world.draft(2_501), actor=CLERK, now=NOW).holds
    with pytest.raises(AuthorityExceeded):
        clear_hold(hold_id=more.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW)
    clear_hold(
        hold_id=more.hold_id, reason=BECAUSE, actor=replace(FINANCE, roles=frozenset({"finance_approver"})), now=NOW
    )


def test_credit_is_let_go_by_the_limits_this_installation_keeps_and_the_roles_of_this_moment():
    AuthorityFactory(kind="credit", role=Role.FINANCE, max_amount=Decimal(40))
    world, finance = make_world(limit=10), StaffFactory(roles=[Role.FINANCE])
    person = replace(FINANCE, user_id=finance.pk)
    (hold,), (larger,) = (place(world.draft(n), actor=CLERK, now=NOW).holds for n in (4, 5))
    clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=person, now=NOW)
    with pytest.raises(AuthorityExceeded):
        clear_hold(hold_id=larger.hold_id, reason=BECAUSE, actor=person, now=NOW)
    AuthorityLimit.objects.update(max_amount=Decimal(50))
    User.objects.update(roles=[Role.CS])  # since the session was opened
    with pytest.raises(AuthorityExceeded):
        clear_hold(hold_id=larger.hold_id, reason=BECAUSE, actor=person, now=NOW)
    User.objects.update(roles=[Role.FINANCE])
    clear_hold(hold_id=larger.hold_id, reason=BECAUSE, actor=person, now=NOW)


def test_a_cancelled_order_is_on_no_hold_and_its_case_closes():
    world = stocked_world(limit=10)
    order_id = placed(world, 5)
    assert Case.objects.get(kind="credit_hold").status == "open"
    cancel_order(order_id=order_id, reason="not wanted", actor=CLERK, now=NOW)
    drain(NOW)
    assert not Hold.objects.filter(cleared_at=None).exists()
    assert Case.objects.get(kind="credit_hold").status not in ("open", "assigned")
    assert breaches() == []


def test_a_draft_held_by_hand_is_held_once_after_submit_and_nothing_is_allocated_to_it():
    world = make_world()
    order_id = capture(world.draft(5), actor=CLERK, now=NOW).order_id
    place_hold(order_id=order_id, note=NOTE, blocks=(Blocks.ALLOCATE, Blocks.RELEASE), actor=CLERK, now=NOW)
    submit(order_id=order_id, actor=CLERK, now=NOW)
    assert Hold.objects.count() == 1
    assert Demand.objects.get().is_blocked


def test_a_missing_credit_account_is_nobodys_to_waive():
    order = allocated(make_world(limit=None), 5)
    (hold,) = order.holds
    assert hold.rule == "no_credit_account"
    with pytest.raises(NoCreditAccount):
        clear_hold(hold_id=hold.hold_id, reason=BECAUSE, actor=FINANCE, now=NOW)
    Hold.objects.update(cleared_at=NOW, is_waiver=True)
    assert gates_of(release([order.order_id])[order.order_id]) == ["credit"]


def opened(world, limit: int) -> None:
    TermsFactory()
    open_credit_account(
        account_id=world.account.pk,
        currency="USD",
        limit_amount=Decimal(limit),
        terms_code="NET30",
        actor=FINANCE,
        now=NOW,
    )


def test_opening_credit_counts_what_was_ordered_before_and_lets_go_what_fits():
    world = stocked_world(limit=None)
    first, second = placed(world, 6), placed(world, 7)
    cancel_lines(order_id=first, quantities={1: Decimal(2)}, reason="less", actor=CLERK, now=NOW)
    opened(world, 100)
    drain(NOW)
    assert OpenOrderDay.objects.get().amount == 110
    held = Hold.objects.filter(cleared_at=None)
    assert [(h.order_id, h.rule) for h in held] == [(second, "credit")]
    one, other = release_orders(order_ids=[first, second], actor=CLERK, now=NOW)
    assert one.is_released
    assert [r.gate for r in other.refused] == ["credit"]
    assert breaches() == []


def test_an_order_older_than_its_credit_account_is_released_or_cancelled_before_anybody_counted_it():
    world = stocked_world(limit=None)
    first, second = placed(world, 6), placed(world, 7)
    opened(world, 1_000)  # nothing drained: its reaction has not run
    assert release([first])[first].claims
    cancel_order(order_id=second, reason="not wanted", actor=CLERK, now=NOW)
    assert CreditAccount.objects.get().released_amount == 60
    assert sum(d.amount for d in OpenOrderDay.objects.all()) == 0
    drain(NOW)
    assert [b for b in breaches() if "shipment" not in b] == []
