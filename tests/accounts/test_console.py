"""Console screens of accounts: each lists, searches, adds and changes, and shows a refusal in its form."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts import admin as screens
from accounts.models import (
    Account,
    AccountGroup,
    ApprovalRequest,
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
from accounts.states import AccountStatus, Role
from core import clock, journal, refs
from core.refs import DocumentRef
from tests.factories.accounts import (
    PASSWORD,
    AbsenceFactory,
    AccountFactory,
    AdminFactory,
    ApprovalFactory,
    AssignmentFactory,
    AuthorityFactory,
    BuyerFactory,
    GroupFactory,
    MembershipFactory,
    RepFactory,
    ShipToFactory,
    SpendingFactory,
    StaffFactory,
    TerritoryFactory,
    TierFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
FACTORIES = {
    Account: AccountFactory,
    AccountGroup: GroupFactory,
    ApprovalRequest: ApprovalFactory,
    Buyer: BuyerFactory,
    GroupMembership: MembershipFactory,
    Rep: RepFactory,
    RepAssignment: AssignmentFactory,
    ServiceTier: TierFactory,
    ShipTo: ShipToFactory,
    SpendingEntry: SpendingFactory,
    Territory: TerritoryFactory,
    User: UserFactory,
    UserAbsence: AbsenceFactory,
}
READ_ONLY = (ApprovalRequest, RepAssignment, SpendingEntry)
assert screens


def at(model, page, *args):
    return reverse(f"admin:accounts_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def operator(client):
    user = StaffFactory(roles=[Role.OPERATOR])
    client.force_login(user)
    client.user = user
    return client


def errors(response):
    assert response.status_code == 200, "the form came back"
    return response.context["adminform"].form.errors


@pytest.mark.parametrize("model", FACTORIES, ids=lambda m: m.__name__)
def test_every_screen_lists_searches_and_opens(operator, model):
    row = FACTORIES[model]()
    for query in ("", "?q=nothing-like-this"):
        assert operator.get(at(model, "changelist") + query).status_code == 200
    page = operator.get(at(model, "change", row.pk))
    assert page.status_code == 200
    adding = operator.get(at(model, "add"))
    assert adding.status_code == (403 if model in READ_ONLY else 200)


@pytest.mark.parametrize("model", FACTORIES, ids=lambda m: m.__name__)
def test_lists_cost_the_same_for_two_rows_and_for_twenty(operator, model, django_assert_max_num_queries):
    screen = admin.site._registry[model]
    assert len(screen.list_display) <= 7
    FACTORIES[model].create_batch(20)
    with django_assert_max_num_queries(14):
        operator.get(at(model, "changelist"))


@pytest.mark.parametrize("model", FACTORIES, ids=lambda m: m.__name__)
def test_a_buyer_never_gets_in_and_an_auditor_only_looks(client, model):
    row = FACTORIES[model]()
    client.force_login(BuyerFactory(user__is_staff=True).user)
    assert client.get(at(model, "changelist")).status_code == 403
    client.force_login(StaffFactory(roles=[Role.AUDITOR]))
    assert client.get(at(model, "change", row.pk)).status_code == 200
    assert client.get(at(model, "add")).status_code == 403
    assert client.post(at(model, "change", row.pk), {}).status_code == 403


def no_rows(*prefixes):
    fields = ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")
    return {f"{prefix}-{field}": "0" for prefix in prefixes for field in fields}


def account_form(**changes):
    inlines = no_rows("ship_tos", "memberships", "assignments", "buyers")
    fields = {"code": "ACME", "name": "Acme", "currency": "USD", "time_zone": "UTC", "ship_complete": "none"}
    numbers = {
        "min_line_percent": "0",
        "min_order_percent": "0",
        "min_shelf_life_days": "0",
        "short_close_percent": "0",
        "over_ship_percent": "0",
    }
    return {**inlines, **fields, **numbers, "backorders_allowed": "on", **changes}


def test_an_account_is_added_changed_and_told(operator):
    operator.post(at(Account, "add"), account_form())
    account = Account.objects.get()
    assert (account.code, account.status) == ("ACME", "prospect")
    operator.post(at(Account, "change", account.pk), account_form(name="Acme Ltd"))
    account.refresh_from_db()
    assert account.name == "Acme Ltd"
    changed, created = journal.timeline(DocumentRef("account", account.pk))
    assert (created.verb, changed.verb) == ("created", "changed")
    assert changed.data["changed"] == {"name": ["Acme", "Acme Ltd"]}
    assert changed.actor == str(operator.user)


def test_an_account_code_that_exists_comes_back_with_an_error_and_what_was_typed(operator):
    AccountFactory(code="acme")
    page = operator.post(at(Account, "add"), account_form(name="Second"))
    assert errors(page)
    assert "Second" in page.content.decode()
    assert Account.objects.count() == 1


def test_a_status_changes_only_by_its_buttons_and_with_a_reason(operator):
    account = AccountFactory(code="ACME")
    operator.post(at(Account, "change", account.pk), account_form(status="closed"))
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE
    page = operator.get(at(Account, "change", account.pk)).content.decode()
    assert "Suspend" in page
    url = at(Account, "status", account.pk)
    answer = operator.post(url, {"status": "suspended"}, follow=True).content.decode()
    assert "Say why the account becomes suspended." in answer
    operator.post(url, {"status": "suspended", "reason": "Insolvent"})
    operator.post(url, {"status": "prospect", "reason": "x"})
    account.refresh_from_db()
    assert account.status == AccountStatus.SUSPENDED
    assert operator.get(url).status_code == 405


def test_who_may_only_look_at_accounts_changes_no_status(client):
    account = AccountFactory()
    client.force_login(StaffFactory(roles=[Role.WAREHOUSE]))
    assert "Suspend" not in client.get(at(Account, "change", account.pk)).content.decode()
    client.post(at(Account, "status", account.pk), {"status": "closed", "reason": "x"})
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE


def test_saving_an_account_does_not_write_an_older_status_back(operator, monkeypatch):
    account = AccountFactory(code="ACME", name="Old")
    screen = admin.site._registry[Account]
    save = screen.save_model

    def late(request, obj, form, change):
        Account.objects.filter(pk=account.pk).update(status=AccountStatus.SUSPENDED)
        save(request, obj, form, change)

    monkeypatch.setattr(screen, "save_model", late)
    operator.post(at(Account, "change", account.pk), account_form(name="New"))
    account.refresh_from_db()
    assert (account.name, account.status) == ("New", AccountStatus.SUSPENDED)


@pytest.mark.parametrize(
    ("model", "good", "bad"),
    [
        (ServiceTier, {"code": "G", "name": "Gold", "rank": 1, "fair_share_weight": 1}, {"rank": "x"}),
        (Territory, {"code": "W", "name": "West", **no_rows("reps")}, {"code": ""}),
        (AccountGroup, {"code": "G", "name": "GPO", "kind": "chain", **no_rows("memberships")}, {"kind": "x"}),
    ],
    ids=["tier", "territory", "group"],
)
def test_small_reference_data_is_added_and_refused_in_the_form(operator, model, good, bad):
    good = {"order_lock_days": 0, "promise_slip_days": 0, **good}
    assert errors(operator.post(at(model, "add"), {**good, **bad}))
    assert model.objects.count() == 0
    assert operator.post(at(model, "add"), good).status_code == 302
    row = model.objects.get()
    assert operator.post(at(model, "change", row.pk), {**good, "name": "Other"}).status_code == 302
    row.refresh_from_db()
    assert row.name == "Other"


def test_a_ship_to_a_membership_a_rep_a_buyer_and_an_absence_are_added_and_refused(operator):
    account, group, user = AccountFactory(), GroupFactory(), UserFactory()
    place = {"account": account.pk, "code": "A", "name": "Dock", "country": "US", "time_zone": "UTC", "is_active": "on"}
    member = {"account": account.pk, "group": group.pk, "valid_from": "2026-01-01", "valid_to": "2026-07-01"}
    buys = {
        "user": user.pk,
        "account": account.pk,
        "role": "buyer",
        "period": "month",
        "promise_mail": "at_once",
        "is_active": "on",
    }
    seller = {"user": UserFactory().pk, "code": "R-NEW", "promise_mail": "at_once", **no_rows("assignments")}
    away = {"user": user.pk, "away_from": "2026-06-01", "back_on": "2026-06-15"}
    proof = {"identifier_kind": "dea", "identifier": "BH1234564"}
    for model, good, bads in [
        (ShipTo, place, [{"name": ""}, {"time_zone": "Mars/Base"}, {"delivery_from": "12:00", "delivery_to": "08:00"}]),
        (GroupMembership, member, [{"valid_to": "2025-01-01"}, proof, {"identifier_kind": "gln"}]),
        (Buyer, {**buys, **no_rows("spending")}, [{"role": "king"}, {"order_limit": "-1"}]),
        (Rep, seller, [{"code": ""}]),
        (UserAbsence, away, [{"back_on": "2026-06-01"}, {"delegate": user.pk}]),
    ]:
        before = model.objects.count()
        for bad in bads:
            assert errors(operator.post(at(model, "add"), {**good, **bad})), (model, bad)
            assert model.objects.count() == before
        assert operator.post(at(model, "add"), good).status_code == 302, model
        assert model.objects.count() == before + 1
        if model is not Rep:  # the same again is refused in words
            again = {**good, "code": "A"} if model is ShipTo else good
            assert "already" in str(errors(operator.post(at(model, "add"), again))), model


def test_a_ring_of_parents_comes_back_in_the_form(operator):
    top = AccountFactory(code="TOP", name="Top")
    below = AccountFactory(code="LOW", name="Low", parent=top)
    page = operator.post(at(Account, "change", top.pk), account_form(code="TOP", name="Top", parent=below.pk))
    assert "TOP Top → LOW Low → TOP Top" in str(errors(page))
    top.refresh_from_db()
    assert top.parent is None


def splits_form(*rows, day="2026-06-01"):
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return {"from_date": day, **{k: list(v) for k, v in zip(("rep", "kind", "percent"), columns, strict=True)}}


def test_the_splits_of_an_account_are_set_as_a_whole_table(operator):
    account, one, two = AccountFactory(), RepFactory(), RepFactory()
    url = at(Account, "splits", account.pk)
    assert operator.get(url).status_code == 200
    for bad, words in [
        (splits_form((one.pk, "revenue", "60"), (two.pk, "revenue", "30")), "they are 90 from 2026-06-01 on"),
        (splits_form((one.pk, "revenue", "much")), "&#x27;much&#x27; is not a share"),
        (splits_form((one.pk, "revenue", "50"), (one.pk, "revenue", "50")), "Row 2: This rep has a revenue share"),
        (splits_form((one.pk, "revenue", "100"), day="soon"), "Give the day"),
    ]:
        answer = operator.post(url, bad)
        assert (answer.status_code, words in answer.content.decode()) == (422, True), words
    assert not RepAssignment.objects.exists()
    good = splits_form(
        (one.pk, "revenue", "60"), (two.pk, "revenue", "40"), (two.pk, "overlay", "5"), ("", "revenue", "")
    )
    assert operator.post(url, good).status_code == 302
    assert [int(row.split_percent) for row in RepAssignment.objects.order_by("id")] == [60, 40, 5]
    shown = operator.get(at(Account, "change", account.pk)).content.decode()
    assert "sold to by" in shown
    assert operator.get(at(Account, "splits", 999_999)).status_code == 404


def test_a_ship_to_becomes_the_default_and_goes_out_of_use_by_its_buttons(operator):
    old = ShipToFactory(is_default=True)
    new = ShipToFactory(account=old.account)
    answer = operator.post(at(ShipTo, "do", old.pk), {"verb": "deactivate"}, follow=True).content.decode()
    assert "Make another one the default first." in answer
    operator.post(at(ShipTo, "do", new.pk), {"verb": "default"})
    operator.post(at(ShipTo, "do", old.pk), {"verb": "deactivate"})
    for place in (old, new):
        place.refresh_from_db()
    assert (old.is_active, old.is_default, new.is_default) == (False, False, True)
    assert operator.get(at(ShipTo, "do", new.pk)).status_code == 405


def test_a_buyers_page_says_what_is_left(operator):
    today = clock.now().date()
    entry = SpendingFactory(buyer__period_limit=Decimal(1000), spent_date=today)
    page = operator.get(at(Buyer, "change", entry.buyer_id)).content.decode()
    assert "900.00 left" in page
    assert entry.document_number in page


@pytest.mark.parametrize("rows", [2, 20])
def test_an_accounts_page_costs_the_same_for_few_and_many_rows(operator, rows, django_assert_max_num_queries):
    account = AccountFactory()
    for make in (ShipToFactory, MembershipFactory, BuyerFactory):
        make.create_batch(rows, account=account)
    for n in range(rows):
        AssignmentFactory(account=account, kind="overlay", split_percent=n + 1)
    with django_assert_max_num_queries(24):
        assert operator.get(at(Account, "change", account.pk)).status_code == 200


def test_a_row_that_is_used_is_not_removed_and_says_so(operator):
    tier = TierFactory()
    AccountFactory(tier=tier)
    free = TierFactory()
    operator.post(at(ServiceTier, "delete", tier.pk), {"post": "yes"}, follow=True)
    operator.post(at(ServiceTier, "delete", free.pk), {"post": "yes"})
    assert list(ServiceTier.objects.all()) == [tier]


def person_form(**changes):
    desk = {"time_zone": "Europe/Berlin", "reports_to": ""}
    return {
        **no_rows("absences", "buyers"),
        "email": "ana@example.com",
        "first_name": "Ana",
        "last_name": "B",
        "roles": ["cs"],
        **desk,
        **changes,
    }


def with_password(**changes):
    secret = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return person_form(**secret, **changes)


def test_a_person_is_let_in_by_an_operator(operator):
    assert operator.post(at(User, "add"), with_password()).status_code == 302
    user = User.objects.get(email="ana@example.com")
    assert (user.roles, user.is_staff, user.time_zone) == (["cs"], True, "Europe/Berlin")
    assert user.check_password(PASSWORD)
    (entry,) = journal.timeline(DocumentRef("user", user.pk))
    assert entry.verb == "created"


def test_a_weak_password_or_a_wrong_zone_comes_back_in_the_form(operator):
    weak = operator.post(at(User, "add"), {**with_password(), "password1": "short", "password2": "short"})
    assert "password2" in errors(weak)
    zone = operator.post(at(User, "add"), with_password(time_zone="Mars/Base"))
    assert "time_zone" in errors(zone)
    assert "Mars/Base" in zone.content.decode()
    assert not User.objects.filter(email="ana@example.com").exists()


def test_a_person_is_changed_but_nobody_changes_their_own_roles(operator):
    user = UserFactory(email="ana@example.com")
    assert operator.post(at(User, "change", user.pk), person_form(is_active="on", roles=["pricing"])).status_code == 302
    user.refresh_from_db()
    assert (user.roles, user.first_name) == (["pricing"], "Ana")
    own = person_form(email=operator.user.email, is_staff="on", is_active="on", roles=["operator", "finance_approver"])
    page = operator.post(at(User, "change", operator.user.pk), own)
    assert "Nobody changes their own roles." in str(errors(page))
    operator.user.refresh_from_db()
    assert operator.user.roles == ["operator"]


def test_superuser_is_not_given_by_a_form(operator):
    user = UserFactory()
    operator.post(at(User, "change", user.pk), person_form(is_active="on", is_superuser="on"))
    user.refresh_from_db()
    assert not user.is_superuser


def test_a_password_is_set_by_djangos_form_and_told_without_saying_it(operator):
    user = UserFactory()
    url = f"/admin/accounts/user/{user.pk}/password/"
    assert operator.get(url).status_code == 200
    secret = {"password1": "another long secret", "password2": "another long secret"}
    bad = operator.post(url, {**secret, "password2": "not the same", "usable_password": "true"})
    assert bad.status_code == 200
    assert operator.post(url, {**secret, "usable_password": "true"}).status_code == 302
    user.refresh_from_db()
    assert user.check_password("another long secret")
    assert [e.summary for e in journal.timeline(DocumentRef("user", user.pk))] == ["password changed"]


def test_an_operator_does_not_take_over_a_superuser(operator):
    boss = AdminFactory()
    secret = {"password1": "another long secret", "password2": "another long secret", "usable_password": "true"}
    page = operator.post(f"/admin/accounts/user/{boss.pk}/password/", secret, follow=True)
    assert "may not set a superuser" in page.content.decode()
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)


def test_an_approval_is_decided_on_its_page(client):
    lead = StaffFactory(roles=[Role.CS_LEAD])
    client.force_login(lead)
    approval, large = ApprovalFactory(), ApprovalFactory(amount=Decimal(5000))
    assert "Approve" in client.get(at(ApprovalRequest, "change", approval.pk)).content.decode()
    client.post(at(ApprovalRequest, "decide", approval.pk), {"decision": "approve", "note": "Fine"})
    answer = client.post(at(ApprovalRequest, "decide", large.pk), {"decision": "approve"}, follow=True)
    assert "may not approve price over 5000" in answer.content.decode()
    approval.refresh_from_db()
    large.refresh_from_db()
    assert (approval.state, approval.decided_by, large.state) == ("approved", lead, "pending")


def test_who_asked_and_what_lapsed_get_no_buttons(client):
    lead = StaffFactory(roles=[Role.CS_LEAD])
    client.force_login(lead)
    own = ApprovalFactory(requested_by=lead)
    lapsed = ApprovalFactory(requested_at=clock.now() - timedelta(days=9))
    for approval in (own, lapsed):
        assert "decision-note" not in client.get(at(ApprovalRequest, "change", approval.pk)).content.decode()


def test_documents_link_to_their_screens():
    account = AccountFactory()
    assert refs.url_of(DocumentRef("account", account.pk)) == at(Account, "change", account.pk)
    assert refs.url_of(DocumentRef("user", 7)) == "/admin/accounts/user/7/change/"


def test_the_list_of_authority_says_what_rules_where_nothing_is_set(operator):
    page = operator.get(reverse("admin:accounts_authoritylimit_changelist")).content.decode()
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([^<]*)</td><td class="num">([^<]*)</td>', page)
    assert ("Price", "CS lead", "1,000") in rows
    assert ("Every other kind", "Finance approver", "any") in rows
    AuthorityFactory(kind="price", role=Role.PRICING, max_amount=Decimal(70))
    page = operator.get(reverse("admin:accounts_authoritylimit_changelist")).content.decode()
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td>([^<]*)</td><td class="num">([^<]*)</td>', page)
    assert [row for row in rows if row[0] == "Price"] == [("Price", "Pricing", "70.00")]
