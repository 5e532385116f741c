"""Keeping accounts, addresses, memberships, splits and absences: what is refused, in which words, and what is told."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import queries
from accounts.access import visible_accounts
from accounts.models import Account, Buyer, GroupMembership, RepAssignment, ShipTo, User, UserAbsence
from accounts.rules.splits import SplitSpec
from accounts.services.change_user import RingOfManagers, change_user
from accounts.services.deactivate_ship_to import deactivate_ship_to
from accounts.services.make_default import ShipToNotInUse, make_default
from accounts.services.save_absence import AbsenceOverlaps, save_absence
from accounts.services.save_account import RingOfParents, save_account
from accounts.services.save_buyer import BuyerExists, save_buyer
from accounts.services.save_membership import MembershipOverlaps, save_membership
from accounts.services.save_ship_to import DefaultShipToStays, save_ship_to
from accounts.services.set_roles import BuysForAnotherCompany, set_roles
from accounts.services.set_splits import SplitsChangedMeanwhile, SplitsDoNotTotal100, set_splits
from accounts.states import BuyerRole, Role, SplitKind
from core import journal
from core.actors import Actor, system
from core.errors import InvalidInput, NotFound
from core.refs import DocumentRef
from core.testing import race
from tests.factories.accounts import (
    AbsenceFactory,
    AccountFactory,
    AssignmentFactory,
    BuyerFactory,
    GroupFactory,
    MembershipFactory,
    RepFactory,
    ShipToFactory,
    StaffFactory,
    UserFactory,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
DESK = system("desk")


def keep(verb, row):
    return verb(row=row, actor=DESK, now=NOW)


def set_table(account, *splits, day=JUNE):
    table = [SplitSpec(rep.pk, Decimal(percent), kind) for rep, percent, kind in splits]
    set_splits(account_id=account.pk, from_date=day, splits=table, actor=DESK, now=NOW)


def revenue(rep, percent):
    return (rep, percent, SplitKind.REVENUE)


def shares(account, day):
    return {(s.rep_id, s.kind): int(s.percent) for s in queries.rep_splits([account.pk], on=day).get(account.pk, ())}


@pytest.mark.django_db
class TestTrees:
    def test_an_account_does_not_stand_under_itself(self):
        top = AccountFactory(code="A", name="Top")
        low = AccountFactory(code="C", name="Low", parent=AccountFactory(code="B", name="Mid", parent=top))
        top.parent = low
        with pytest.raises(RingOfParents, match="A Top → C Low → B Mid → A Top"):
            keep(save_account, top)
        top.parent = top
        with pytest.raises(RingOfParents):
            keep(save_account, top)
        assert Account.objects.get(pk=top.pk).parent is None

    def test_the_database_refuses_a_ring_whoever_writes(self):
        top = AccountFactory()
        low = AccountFactory(parent=top)
        with pytest.raises(IntegrityError, match="no_ring_of_parents"), transaction.atomic():
            Account.objects.filter(pk=top.pk).update(parent=low)

    def test_nobody_reports_to_themselves_by_way_of_others(self):
        boss = UserFactory(first_name="Bo", last_name="Ss")
        clerk = UserFactory(first_name="Cle", last_name="Rk", reports_to=boss)
        person = {name: getattr(boss, name) for name in ("email", "first_name", "last_name", "is_staff", "is_active")}
        with pytest.raises(RingOfManagers, match="Bo Ss → Cle Rk → Bo Ss"):
            change_user(
                user_id=boss.pk, **person, roles=[], time_zone="UTC", reports_to_id=clerk.pk, actor=DESK, now=NOW
            )
        with pytest.raises(IntegrityError, match="no_ring_of_managers"), transaction.atomic():
            User.objects.filter(pk=boss.pk).update(reports_to=clerk)

    def test_a_time_zone_a_currency_and_a_code_are_told_together(self):
        account = Account(code="", name="X", time_zone="Mars/Base", currency="usd")
        with pytest.raises(InvalidInput) as refusal:
            keep(save_account, account)
        assert {e.pointer for e in refusal.value.errors} == {"/code", "/time_zone", "/currency"}


@pytest.mark.django_db
class TestShipTos:
    def test_a_new_default_takes_the_place_of_the_old(self):
        old = ShipToFactory(is_default=True)
        new = ShipTo(account=old.account, code="NEW", name="New dock", is_default=True)
        keep(save_ship_to, new)
        old.refresh_from_db()
        assert (old.is_default, new.is_default) == (False, True)
        assert queries.ship_tos_of(old.account_id)[0].id == new.pk

    def test_the_default_stays_in_use_until_another_is_one(self):
        only = ShipToFactory(is_default=True)
        other = ShipToFactory(account=only.account)
        with pytest.raises(DefaultShipToStays):
            deactivate_ship_to(ship_to_id=only.pk, actor=DESK, now=NOW)
        make_default(ship_to_id=other.pk, actor=DESK, now=NOW)
        deactivate_ship_to(ship_to_id=only.pk, actor=DESK, now=NOW)
        assert [place.id for place in queries.ship_tos_of(only.account_id)] == [other.pk]
        with pytest.raises(ShipToNotInUse):
            make_default(ship_to_id=only.pk, actor=DESK, now=NOW)
        verbs = [e.verb for e in journal.timeline(DocumentRef("account", only.account_id))]
        assert verbs == ["ship_to_deactivated", "default_ship_to_changed"]
        with pytest.raises(NotFound):
            deactivate_ship_to(ship_to_id=999_999, actor=DESK, now=NOW)

    def test_a_delivery_window_is_kept_and_read(self):
        place = ShipToFactory(delivery_days=[0, 2])
        place.delivery_from, place.delivery_to = time(8), time(12, 30)
        keep(save_ship_to, place)
        read = queries.ship_to_snapshots([place.pk])[place.pk]
        assert (list(read.delivery_days), read.delivery_from, read.delivery_to) == ([0, 2], time(8), time(12, 30))

    @pytest.mark.parametrize(
        ("wrong", "pointer"),
        [
            ({"delivery_from": time(8)}, "/delivery_to"),
            ({"delivery_from": time(8), "delivery_to": time(8)}, "/delivery_to"),
            ({"delivery_days": [7]}, "/delivery_days"),
            ({"gln": "123"}, "/gln"),
            ({"time_zone": "Mars/Base"}, "/time_zone"),
        ],
    )
    def test_what_is_wrong_is_told_at_its_field(self, wrong, pointer):
        place = ShipToFactory()
        for name, value in wrong.items():
            setattr(place, name, value)
        with pytest.raises(InvalidInput) as refusal:
            keep(save_ship_to, place)
        assert [e.pointer for e in refusal.value.errors] == [pointer]


@pytest.mark.django_db
class TestMembershipsAndBuyers:
    def test_memberships_follow_one_another_and_do_not_overlap(self):
        first = MembershipFactory(valid_from=JUNE, valid_to=JULY)
        same = {"account": first.account, "group": first.group}
        with pytest.raises(MembershipOverlaps, match="from 2026-06-01 until 2026-07-01"):
            keep(save_membership, GroupMembership(**same, valid_from=date(2026, 6, 30)))
        keep(save_membership, GroupMembership(**same, valid_from=JULY))
        assert GroupMembership.objects.count() == 2

    def test_an_identifier_finds_its_members_of_the_day_in_any_case(self):
        row = GroupMembership(account=AccountFactory(), group=GroupFactory(), valid_from=JUNE, valid_to=JULY)
        row.identifier_kind, row.identifier = "dea", " bh1234563 "
        keep(save_membership, row)
        asked = ("dea", "BH1234563")
        find = queries.memberships_by_identifier
        assert find([asked, ("hin", "BH1234563")], on=JUNE) == {asked: {row.account_id}}
        assert find([("dea", "bh1234563")], on=JUNE) == {("dea", "bh1234563"): {row.account_id}}
        assert find([asked], on=JULY) == {}

    def test_a_person_buys_for_two_companies_but_not_twice_for_one(self):
        here = BuyerFactory()
        there = Buyer(user=here.user, account=AccountFactory(), role=BuyerRole.VIEWER)
        keep(save_buyer, there)
        assert {a for a, _, _ in queries.bought_for(here.user_id)} == {here.account_id, there.account_id}
        assert visible_accounts(here.user).ids == {here.account_id, there.account_id}
        with pytest.raises(BuyerExists, match="buys for"):
            keep(save_buyer, Buyer(user=here.user, account=here.account))

    def test_a_buyer_who_left_one_company_still_buys_for_the_other(self):
        here = BuyerFactory(is_active=False)
        there = BuyerFactory(user=here.user)
        assert visible_accounts(here.user).ids == {there.account_id}
        assert queries.buyer_of(here.user_id, here.account_id) is None

    def test_one_companys_administrator_does_not_reach_into_another(self):
        admin = BuyerFactory(role=BuyerRole.ADMIN)
        actor = Actor(label="admin", user_id=admin.user_id)
        both = BuyerFactory(account=admin.account).user
        BuyerFactory(user=both)
        for target in (both, BuyerFactory().user, StaffFactory()):
            with pytest.raises(BuysForAnotherCompany):
                set_roles(user_id=target.pk, roles=[*target.roles, Role.BUYER_APPROVER], actor=actor, now=NOW)
        own = BuyerFactory(account=admin.account).user
        set_roles(user_id=own.pk, roles=[Role.BUYER_APPROVER], actor=actor, now=NOW)
        own.refresh_from_db()
        assert own.roles == ["buyer_approver"]


@pytest.mark.django_db
class TestSplits:
    def test_a_table_holds_from_its_day_and_the_one_before_until_then(self):
        account, one, two = AccountFactory(), RepFactory(), RepFactory()
        set_table(account, revenue(one, 100))
        set_table(account, revenue(one, 60), revenue(two, 40), (one, 5, SplitKind.OVERLAY), day=JULY)
        assert shares(account, date(2026, 6, 30)) == {(one.pk, "revenue"): 100}
        july = {(one.pk, "revenue"): 60, (two.pk, "revenue"): 40, (one.pk, "overlay"): 5}
        assert shares(account, JULY) == july
        set_table(account, day=date(2026, 8, 1))
        assert (shares(account, date(2026, 7, 31)), shares(account, date(2026, 8, 1))) == (july, {})
        told = [e.summary for e in journal.timeline(DocumentRef("account", account.pk))]
        assert told[0] == "from 2026-08-01 sold to by nobody"

    def test_a_total_other_than_100_is_refused_and_nothing_is_changed(self):
        account, one, two = AccountFactory(), RepFactory(), RepFactory()
        set_table(account, revenue(one, 100))
        with pytest.raises(SplitsDoNotTotal100) as refusal:
            set_table(account, revenue(one, 60), revenue(two, 50), day=JULY)
        assert "they are 110 from 2026-07-01 on" in refusal.value.message
        assert "Give or take 10." in refusal.value.remedy
        assert shares(account, JULY) == {(one.pk, "revenue"): 100}

    def test_an_unknown_rep_is_named_by_row(self):
        with pytest.raises(InvalidInput) as refusal:
            set_splits(
                account_id=AccountFactory().pk,
                from_date=JUNE,
                splits=[SplitSpec(999_999, Decimal(100))],
                actor=DESK,
                now=NOW,
            )
        assert refusal.value.errors[0].pointer == "/splits/0/rep"

    def test_the_database_checks_every_day_at_the_commit(self):
        account = AccountFactory()

        def commit():
            with transaction.atomic(), connection.cursor() as cursor:
                AssignmentFactory(account=account, split_percent=60, valid_from=JUNE)
                AssignmentFactory(account=account, split_percent=40, valid_from=JUNE, valid_to=JULY)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with pytest.raises(IntegrityError, match=r"has 60\.00 on 2026-07-01"):
            commit()
        assert not RepAssignment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_set_the_splits_at_once_do_not_make_200():
    account, one, two = AccountFactory(), RepFactory(), RepFactory()
    outcomes = race(*[lambda rep=rep: set_table(account, revenue(rep, 100)) for rep in (one, two)])
    assert sum(shares(account, JUNE).values()) == 100
    assert [o for o in outcomes if o is not None and not isinstance(o, SplitsChangedMeanwhile)] == []


@pytest.mark.django_db
class TestAbsences:
    def test_who_is_away_is_stood_in_for_by_the_delegate_by_the_day_where_they_are(self):
        manager, stand_in = UserFactory(), UserFactory()
        away = UserFactory(reports_to=manager, time_zone="Asia/Tokyo")
        AbsenceFactory(user=away, delegate=stand_in, away_from=date(2026, 6, 16), back_on=date(2026, 6, 17))
        before = datetime(2026, 6, 15, 14, 59, tzinfo=UTC)
        during = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)  # midnight in Tokyo
        after = datetime(2026, 6, 16, 15, 0, tzinfo=UTC)
        acting = [queries.who_acts_for([away.pk], at=at)[away.pk] for at in (before, during, after)]
        assert acting == [away.pk, stand_in.pk, away.pk]
        assert queries.escalation_chain(away.pk, at=during) == [stand_in.pk, manager.pk]

    def test_asking_costs_one_statement_for_any_number(self, django_assert_num_queries):
        boss = UserFactory()
        ids = [UserFactory(reports_to=boss).pk for _ in range(20)]
        for pk in ids[:10]:
            AbsenceFactory(user_id=pk)
        with django_assert_num_queries(1):
            acting = queries.who_acts_for(ids, at=datetime(2026, 6, 2, tzinfo=UTC))
        assert sum(1 for pk in acting.values() if pk == boss.pk) == 10

    @pytest.mark.parametrize(
        ("wrong", "pointer"), [({"back_on": JUNE}, "/back_on"), ({"back_on": date(2026, 5, 1)}, "/back_on")]
    )
    def test_an_absence_ends_after_it_starts(self, wrong, pointer):
        row = UserAbsence(user=UserFactory(), away_from=JUNE, **wrong)
        with pytest.raises(InvalidInput) as refusal:
            keep(save_absence, row)
        assert [e.pointer for e in refusal.value.errors] == [pointer]
        assert refusal.value.errors[0].remedy

    def test_nobody_stands_in_for_themselves_nor_does_who_is_locked_out(self):
        user = UserFactory()
        for delegate in (user, UserFactory(is_active=False)):
            with pytest.raises(InvalidInput, match=r"Nobody stands in|cannot sign in"):
                keep(save_absence, UserAbsence(user=user, away_from=JUNE, delegate=delegate))
        assert not UserAbsence.objects.exists()

    def test_two_absences_do_not_overlap_and_an_open_one_is_open(self):
        row = AbsenceFactory(back_on=None)
        with pytest.raises(AbsenceOverlaps, match="from 2026-06-01 until further notice"):
            keep(save_absence, UserAbsence(user=row.user, away_from=JULY))
        row.back_on = JULY
        keep(save_absence, row)
        keep(save_absence, UserAbsence(user=row.user, away_from=JULY))
        assert UserAbsence.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(Role))
def test_what_each_of_the_thirteen_roles_sees_of_a_parent_a_child_and_a_stranger(role):
    parent = AccountFactory()
    child = AccountFactory(parent=parent)
    AccountFactory()
    user = UserFactory(roles=[role])
    BuyerFactory(user=user, account=parent)
    AssignmentFactory(rep=RepFactory(user=user), account=child)
    seen = visible_accounts(user, on=JUNE)
    expected = {Role.BUYER: {parent.pk}, Role.BUYER_APPROVER: {parent.pk}, Role.REP: {child.pk}, Role.SERVICE: set()}
    assert (seen.all, seen.ids) == (role not in expected, expected.get(role, set()))


@pytest.mark.django_db
def test_an_assignment_that_ended_yesterday_or_starts_tomorrow_shows_nothing_on_the_utc_day():
    rep = RepFactory()
    AssignmentFactory(rep=rep, valid_from=date(2026, 1, 1), valid_to=JUNE)
    AssignmentFactory(rep=rep, valid_from=date(2026, 6, 2))
    assert visible_accounts(rep.user, on=JUNE).ids == set()
    assert len(visible_accounts(rep.user, on=date(2026, 5, 31)).ids) == 1
    assert len(visible_accounts(rep.user, on=date(2026, 6, 2)).ids) == 1
