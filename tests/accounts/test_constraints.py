"""What the database itself refuses."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Account, GroupMembership
from accounts.states import AccountStatus
from tests.factories.accounts import AccountFactory, MembershipFactory

pytestmark = pytest.mark.django_db


def test_a_membership_does_not_overlap_another_but_may_follow_it():
    first = MembershipFactory(valid_from=date(2026, 1, 1), valid_to=date(2026, 7, 1))
    MembershipFactory(account=first.account, group=first.group, valid_from=date(2026, 7, 1))
    with pytest.raises(IntegrityError, match="one_membership_per_group_at_a_time"), transaction.atomic():
        MembershipFactory(account=first.account, group=first.group, valid_from=date(2027, 1, 1))


def test_a_membership_that_ends_before_it_starts_is_named_so_in_form_and_database():
    account = AccountFactory()
    group = MembershipFactory().group
    backwards = GroupMembership(account=account, group=group, valid_from=date(2026, 7, 1), valid_to=date(2026, 1, 1))
    with pytest.raises(ValidationError, match="a_membership_ends_after_it_starts"):
        backwards.full_clean()
    with pytest.raises(IntegrityError, match="a_membership_ends_after_it_starts"), transaction.atomic():
        backwards.save()


def test_a_closed_account_is_not_opened_by_a_plain_update():
    account = AccountFactory(status=AccountStatus.CLOSED)
    with pytest.raises(Exception, match="Invalid transition"), transaction.atomic():
        Account.objects.filter(pk=account.pk).update(status=AccountStatus.ACTIVE)


def test_account_codes_are_unique_whatever_their_case():
    AccountFactory(code="Acme")
    with pytest.raises(IntegrityError, match="one_account_per_code"), transaction.atomic():
        AccountFactory(code="ACME")
