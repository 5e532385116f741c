"""Accounts and people, made as briefly as a test allows."""

from datetime import date, timedelta
from decimal import Decimal

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from accounts.models import (
    Account,
    AccountGroup,
    ApprovalRequest,
    AuthorityLimit,
    Buyer,
    GroupMembership,
    Rep,
    RepAssignment,
    ServiceTier,
    ShipTo,
    SpendingEntry,
    Territory,
    User,
    UserAbsence,
)
from accounts.states import AccountStatus, BuyerRole, Role, SplitKind
from core import clock

PASSWORD = "correct horse battery staple"


class TierFactory(DjangoModelFactory):
    class Meta:
        model = ServiceTier

    code = factory.Sequence(lambda n: f"TIER{n}")
    name = factory.LazyAttribute(lambda tier: tier.code.capitalize())
    rank = factory.Sequence(lambda n: n + 1)


class TerritoryFactory(DjangoModelFactory):
    class Meta:
        model = Territory

    code = factory.Sequence(lambda n: f"T{n}")
    name = factory.LazyAttribute(lambda territory: f"Territory {territory.code}")


class AccountFactory(DjangoModelFactory):
    """An active account; a test that wants another status names it."""

    class Meta:
        model = Account

    code = factory.Sequence(lambda n: f"ACC{n}")
    name = factory.LazyAttribute(lambda account: f"{account.code} Trading")
    status = AccountStatus.ACTIVE


class ShipToFactory(DjangoModelFactory):
    class Meta:
        model = ShipTo

    account = factory.SubFactory(AccountFactory)
    code = factory.Sequence(lambda n: f"S{n}")
    name = factory.LazyAttribute(lambda place: f"Warehouse {place.code}")
    line1 = "12 Quay Street"
    city = "Reno"
    region = "NV"
    postal_code = "89501"


class GroupFactory(DjangoModelFactory):
    class Meta:
        model = AccountGroup

    code = factory.Sequence(lambda n: f"GRP{n}")
    name = factory.LazyAttribute(lambda group: f"Group {group.code}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = GroupMembership

    account = factory.SubFactory(AccountFactory)
    group = factory.SubFactory(GroupFactory)
    valid_from = date(2020, 1, 1)


class UserFactory(DjangoModelFactory):
    """Somebody without a role. `UserFactory(roles=[Role.CS], is_staff=True)` may enter the console."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    first_name = "Sam"
    last_name = factory.LazyAttribute(lambda user: user.username.capitalize())
    password = factory.LazyFunction(lambda: make_password(PASSWORD))
    roles: list[str] = []


class StaffFactory(UserFactory):
    """Somebody of the house; give `roles=[Role.FINANCE]` for another desk."""

    roles = [Role.CS]
    is_staff = True


class AdminFactory(StaffFactory):
    roles = [Role.OPERATOR]
    is_superuser = True


class RepFactory(DjangoModelFactory):
    class Meta:
        model = Rep

    user = factory.SubFactory(UserFactory, roles=[Role.REP])
    code = factory.Sequence(lambda n: f"R{n}")


class AssignmentFactory(DjangoModelFactory):
    class Meta:
        model = RepAssignment

    account = factory.SubFactory(AccountFactory)
    rep = factory.SubFactory(RepFactory)
    kind = SplitKind.REVENUE
    split_percent = Decimal(100)
    valid_from = date(2020, 1, 1)


class BuyerFactory(DjangoModelFactory):
    class Meta:
        model = Buyer

    user = factory.SubFactory(UserFactory, roles=[Role.BUYER])
    account = factory.SubFactory(AccountFactory)
    role = BuyerRole.BUYER


class SpendingFactory(DjangoModelFactory):
    class Meta:
        model = SpendingEntry

    buyer = factory.SubFactory(BuyerFactory)
    document_kind = "order"
    document_id = factory.Sequence(lambda n: n + 1)
    document_number = factory.LazyAttribute(lambda entry: f"SO-{entry.document_id}")
    amount = Decimal("100.00")
    currency = "USD"
    spent_date = date(2026, 6, 1)
    at = factory.LazyFunction(clock.now)
    actor_label = "portal"


class AbsenceFactory(DjangoModelFactory):
    class Meta:
        model = UserAbsence

    user = factory.SubFactory(StaffFactory)
    away_from = date(2026, 6, 1)
    back_on = date(2026, 6, 15)


class ApprovalFactory(DjangoModelFactory):
    class Meta:
        model = ApprovalRequest

    kind = "price"
    subject_kind = "order"
    subject_id = factory.Sequence(lambda n: n + 1)
    content_hash = "a" * 64
    amount = Decimal("100.00")
    currency = "USD"
    requested_by = factory.SubFactory(StaffFactory)
    requested_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyAttribute(lambda approval: approval.requested_at + timedelta(days=1))


class AuthorityFactory(DjangoModelFactory):
    class Meta:
        model = AuthorityLimit

    kind = "price"
    role = Role.CS_LEAD
    max_amount = Decimal(1_000)
