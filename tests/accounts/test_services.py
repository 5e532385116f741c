"""Making and changing accounts, ship-tos and people."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate

from accounts.models import Account, ShipTo, User
from accounts.rules.asks import AccountSpec, ShipToSpec
from accounts.services.add_ship_to import ShipToExists, add_ship_to
from accounts.services.change_status import ReasonMissing, change_status
from accounts.services.change_user import change_user
from accounts.services.create_accounts import create_accounts
from accounts.services.create_user import EmailTaken, create_user
from accounts.services.set_password import set_password
from accounts.services.set_roles import OwnRoles, set_roles
from accounts.states import AccountStatus, BuyerRole, Role
from core import journal
from core.actors import Actor, system
from core.errors import InvalidInput, NotFound, NotPermitted
from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from tests.factories.accounts import PASSWORD, AccountFactory, AdminFactory, BuyerFactory, StaffFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IMPORT = system("import")


def acting(user):
    return Actor(label=str(user), user_id=user.pk, roles=frozenset(user.roles))


def told(kind, pk):
    return [entry.verb for entry in journal.timeline(DocumentRef(kind, pk))]


def test_accounts_are_made_once_however_often_they_are_asked_for():
    old = AccountFactory(code="Acme", name="Acme as it was")
    specs = [AccountSpec("ACME", "Acme"), AccountSpec("new", "New"), AccountSpec("NEW ", "Twice")]
    made = create_accounts(specs, actor=IMPORT, now=NOW)
    assert made == {"ACME": old.pk, "NEW": Account.objects.get(code="new").pk}
    assert create_accounts(specs, actor=IMPORT, now=NOW) == made
    assert list(Account.objects.order_by("id").values_list("name", flat=True)) == ["Acme as it was", "New"]
    assert told("account", made["NEW"]) == ["created"]
    assert told("account", old.pk) == []


def test_codes_outside_ascii_are_found_again():
    specs = [AccountSpec("Gelée", "Gelée"), AccountSpec("Straße", "Straße")]
    made = create_accounts(specs, actor=IMPORT, now=NOW)
    assert sorted(made) == ["GELÉE", "STRASSE"]
    assert create_accounts(specs, actor=IMPORT, now=NOW) == made
    assert Account.objects.count() == 2


@pytest.mark.parametrize("count", [1, 50, 500])
def test_making_accounts_costs_the_same_for_any_number(count, django_assert_max_num_queries):
    specs = [AccountSpec(f"A{n}", f"Account {n}") for n in range(count)]
    with django_assert_max_num_queries(7):  # with the savepoint of the test
        assert len(create_accounts(specs, actor=IMPORT, now=NOW)) == count


def test_every_bad_field_of_every_account_is_named_and_nothing_is_made():
    specs = [
        AccountSpec(" ", "x" * 201),
        AccountSpec("fine", "Fine"),
        AccountSpec("bad", "Bad", currency="usd", time_zone="Mars/Base", status=AccountStatus.CLOSED),
    ]
    with pytest.raises(InvalidInput) as refusal:
        create_accounts(specs, actor=IMPORT, now=NOW)
    assert [e.pointer for e in refusal.value.errors] == [
        "/0/code",
        "/0/name",
        "/2/time_zone",
        "/2/currency",
        "/2/status",
    ]
    assert Account.objects.count() == 0


def test_an_account_is_suspended_with_a_reason_and_comes_back():
    account = AccountFactory()
    with pytest.raises(ReasonMissing):
        change_status(account_id=account.pk, status=AccountStatus.SUSPENDED, actor=IMPORT, now=NOW)
    change_status(account_id=account.pk, status=AccountStatus.SUSPENDED, actor=IMPORT, now=NOW, reason="Insolvent")
    change_status(account_id=account.pk, status=AccountStatus.ACTIVE, actor=IMPORT, now=NOW)
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE
    assert told("account", account.pk) == ["became_active", "became_suspended"]


def test_a_closed_account_stays_closed():
    account = AccountFactory(status=AccountStatus.CLOSED)
    with pytest.raises(IllegalTransition):
        change_status(account_id=account.pk, status=AccountStatus.ACTIVE, actor=IMPORT, now=NOW)
    with pytest.raises(NotFound):
        change_status(account_id=0, status=AccountStatus.ACTIVE, actor=IMPORT, now=NOW)
    assert told("account", account.pk) == []


def test_the_first_ship_to_is_the_default_until_another_is():
    account = AccountFactory()
    first = add_ship_to(account_id=account.pk, spec=ShipToSpec("A", "Dock A"), actor=IMPORT, now=NOW)
    add_ship_to(account_id=account.pk, spec=ShipToSpec("B", "Dock B"), actor=IMPORT, now=NOW)
    assert list(ShipTo.objects.filter(is_default=True).values_list("id", flat=True)) == [first]
    third = add_ship_to(account_id=account.pk, spec=ShipToSpec("C", "Dock C", is_default=True), actor=IMPORT, now=NOW)
    assert list(ShipTo.objects.filter(is_default=True).values_list("id", flat=True)) == [third]


def test_a_ship_to_code_is_used_once_per_account():
    account = AccountFactory()
    spec = ShipToSpec("A", "Dock A")
    add_ship_to(account_id=account.pk, spec=spec, actor=IMPORT, now=NOW)
    with pytest.raises(ShipToExists):
        add_ship_to(account_id=account.pk, spec=spec, actor=IMPORT, now=NOW)
    with pytest.raises(InvalidInput):
        add_ship_to(account_id=account.pk, spec=ShipToSpec("", "", country="USA"), actor=IMPORT, now=NOW)
    add_ship_to(account_id=AccountFactory().pk, spec=spec, actor=IMPORT, now=NOW)
    assert ShipTo.objects.count() == 2


def test_an_operator_lets_somebody_in():
    boss = StaffFactory(roles=[Role.OPERATOR])
    pk = create_user(email="Ana@Example.com", roles=[Role.CS], password=PASSWORD, actor=acting(boss), now=NOW)
    user = User.objects.get(pk=pk)
    assert (user.email, user.username, user.is_staff, user.is_superuser) == ("ana@example.com",) * 2 + (True, False)
    assert user.check_password(PASSWORD)
    assert told("user", pk) == ["created"]


def test_a_buyer_does_not_enter_the_console_and_without_a_password_nobody_signs_in():
    pk = create_user(email="b@example.com", roles=[Role.BUYER], actor=IMPORT, now=NOW)
    user = User.objects.get(pk=pk)
    assert not user.is_staff
    assert not user.has_usable_password()


def test_what_is_wrong_with_a_person_comes_at_once():
    with pytest.raises(InvalidInput) as refusal:
        create_user(email="nobody", roles=["king"], password="short", time_zone="x", actor=IMPORT, now=NOW)
    assert {e.pointer for e in refusal.value.errors} == {"/email", "/roles", "/password1", "/time_zone"}
    assert User.objects.count() == 0


def test_one_person_per_address_in_any_case():
    UserFactory(email="ana@example.com")
    with pytest.raises(EmailTaken):
        create_user(email="ANA@example.com", actor=IMPORT, now=NOW)


def test_nobody_gives_themselves_a_role():
    boss = AdminFactory()
    with pytest.raises(OwnRoles):
        set_roles(user_id=boss.pk, roles=[Role.FINANCE], actor=acting(boss), now=NOW)
    boss.refresh_from_db()
    assert boss.roles == [Role.OPERATOR]


def test_only_an_operator_gives_roles_and_a_stale_session_does_not_count():
    clerk, other = StaffFactory(roles=[Role.CS]), UserFactory()
    pretender = Actor(label="clerk", user_id=clerk.pk, roles=frozenset({Role.OPERATOR}))
    with pytest.raises(NotPermitted):
        set_roles(user_id=other.pk, roles=[Role.CS], actor=pretender, now=NOW)
    other.refresh_from_db()
    assert other.roles == []


def test_a_companys_administrator_makes_buyers_but_no_staff():
    admin = BuyerFactory(role=BuyerRole.ADMIN)
    create_user(email="new@example.com", roles=[Role.BUYER], actor=acting(admin.user), now=NOW)
    with pytest.raises(NotPermitted):
        create_user(email="evil@example.com", roles=[Role.BUYER, Role.FINANCE], actor=acting(admin.user), now=NOW)
    with pytest.raises(NotPermitted):
        create_user(email="x@example.com", roles=[Role.BUYER], actor=acting(BuyerFactory().user), now=NOW)
    assert not User.objects.filter(email__in=["evil@example.com", "x@example.com"]).exists()


def test_a_change_of_roles_says_what_they_were():
    boss, other = AdminFactory(), UserFactory(roles=[Role.CS])
    set_roles(user_id=other.pk, roles=[Role.PRICING, Role.CS], actor=acting(boss), now=NOW, reason="New desk")
    set_roles(user_id=other.pk, roles=[Role.CS, Role.PRICING], actor=acting(boss), now=NOW)
    (entry,) = journal.timeline(DocumentRef("user", other.pk))
    assert entry.summary == "roles now: cs, pricing (New desk)"
    assert entry.data == {"was": ["cs"]}


def test_a_password_is_checked_set_and_never_told(django_assert_max_num_queries):
    user = UserFactory(email="p@example.com")
    with pytest.raises(InvalidInput):
        set_password(user_id=user.pk, password="short", actor=IMPORT, now=NOW)
    set_password(user_id=user.pk, password="a long enough secret", actor=IMPORT, now=NOW)
    assert authenticate(username=user.username, password="a long enough secret") == user
    (entry,) = journal.timeline(DocumentRef("user", user.pk))
    assert (entry.summary, entry.data) == ("password changed", {})


def profile(user, **changes):
    kept = {
        n: getattr(user, n) for n in ["email", "first_name", "last_name", "roles", "is_staff", "is_active", "time_zone"]
    }
    return {**kept, "reports_to_id": None, **changes}


def test_a_person_is_changed_and_the_change_told():
    boss, user = AdminFactory(), UserFactory()
    change_user(user_id=user.pk, **profile(user, is_active=False), actor=acting(boss), now=NOW)
    user.refresh_from_db()
    assert not user.is_active
    (entry,) = journal.timeline(DocumentRef("user", user.pk))
    assert entry.data == {"changed": {"is_active": [True, False]}}


def test_nobody_locks_themselves_out():
    boss = AdminFactory()
    with pytest.raises(OwnRoles):
        change_user(user_id=boss.pk, **profile(boss, is_active=False), actor=acting(boss), now=NOW)


def test_history_keeps_what_an_account_said_before_and_nothing_for_new_rows():
    account = AccountFactory(name="Old")
    history = Account.pgh_event_models["changed"].objects.filter(pgh_obj=account)
    assert history.count() == 0
    Account.objects.filter(pk=account.pk).update(name="New")
    assert [row.name for row in history] == ["Old"]
