"""Whose customers somebody sees."""

from datetime import date

import pgtrigger
import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.access import require_visible, visible_accounts
from accounts.models import Account
from accounts.states import STAFF, Role
from core.errors import NotFound
from tests.factories.accounts import (
    AccountFactory,
    AssignmentFactory,
    BuyerFactory,
    RepFactory,
    TerritoryFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
JUNE = date(2026, 6, 1)


def test_a_buyer_sees_the_own_account_and_nothing_else():
    parent = AccountFactory()
    own = AccountFactory(parent=parent)
    AccountFactory(parent=own)
    AccountFactory()
    assert visible_accounts(BuyerFactory(account=own).user).ids == {own.pk}


def test_a_buyer_whose_grant_includes_children_sees_all_below_but_not_above():
    top = AccountFactory()
    own = AccountFactory(parent=top)
    child = AccountFactory(parent=own)
    grandchild = AccountFactory(parent=child)
    buyer = BuyerFactory(account=own, includes_children=True)
    assert visible_accounts(buyer.user).ids == {own.pk, child.pk, grandchild.pk}


def test_a_ring_of_parents_does_not_hang():
    one = AccountFactory()
    two = AccountFactory(parent=one)
    with pgtrigger.ignore("accounts.Account:no_ring_of_parents"):
        Account.objects.filter(pk=one.pk).update(parent=two)
    assert visible_accounts(BuyerFactory(account=one, includes_children=True).user).ids == {one.pk, two.pk}


def test_a_rep_sees_the_territory_and_those_assigned_on_the_day():
    west, east = TerritoryFactory(), TerritoryFactory()
    rep = RepFactory(territory=west)
    at_home = AccountFactory(territory=west)
    AccountFactory(territory=east)
    assigned = AssignmentFactory(rep=rep, valid_from=JUNE, valid_to=date(2026, 7, 1)).account
    assert visible_accounts(rep.user, on=JUNE).ids == {at_home.pk, assigned.pk}
    assert visible_accounts(rep.user, on=date(2026, 6, 30)).ids == {at_home.pk, assigned.pk}
    assert visible_accounts(rep.user, on=date(2026, 7, 1)).ids == {at_home.pk}
    assert visible_accounts(rep.user, on=date(2026, 5, 31)).ids == {at_home.pk}


def test_a_rep_without_a_territory_does_not_see_accounts_without_one():
    AccountFactory(territory=None)
    assert visible_accounts(RepFactory(territory=None).user).ids == frozenset()


@pytest.mark.parametrize("role", sorted(STAFF))
def test_staff_sees_all(role):
    assert visible_accounts(UserFactory(roles=[role])).all


def test_a_superuser_sees_all_without_any_role():
    assert visible_accounts(UserFactory(is_superuser=True)).all


@pytest.mark.parametrize("roles", [[], [Role.SERVICE], [Role.BUYER], [Role.REP], [Role.BUYER_APPROVER]])
def test_a_role_alone_shows_nothing(roles):
    AccountFactory()
    visible = visible_accounts(UserFactory(roles=roles))
    assert (visible.all, visible.ids) == (False, frozenset())


def test_a_buyer_whose_role_was_taken_away_sees_nothing():
    assert visible_accounts(BuyerFactory(user__roles=[]).user).ids == frozenset()


@pytest.mark.parametrize("roles", [[Role.CS], [Role.BUYER]])
def test_an_inactive_user_sees_nothing(roles):
    buyer = BuyerFactory(user__roles=roles, user__is_active=False, user__is_superuser=True)
    visible = visible_accounts(buyer.user)
    assert (visible.all, visible.ids) == (False, frozenset())


def test_nobody_sees_nothing():
    assert visible_accounts(AnonymousUser()).ids == frozenset()
    assert not visible_accounts(None).contains(1)


def test_somebody_elses_account_is_not_found():
    buyer = BuyerFactory()
    other = AccountFactory()
    require_visible(buyer.user, buyer.account_id)
    with pytest.raises(NotFound):
        require_visible(buyer.user, other.pk)
    with pytest.raises(NotFound):
        require_visible(buyer.user, None)


def test_narrowing_leaves_only_visible_rows():
    buyer = BuyerFactory()
    AccountFactory()
    narrowed = visible_accounts(buyer.user).narrow(Account.objects.all(), "id")
    assert [a.pk for a in narrowed] == [buyer.account_id]
    assert visible_accounts(UserFactory(roles=[Role.CS])).narrow(Account.objects.all(), "id").count() == 2


def test_looking_costs_one_statement(django_assert_num_queries):
    buyer = BuyerFactory(includes_children=True)
    for _ in range(5):
        AccountFactory(parent=buyer.account)
    with django_assert_num_queries(1):
        visible_accounts(buyer.user)
