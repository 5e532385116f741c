"""Reads of accounts: what they say, and that they cost the same for 1 and for 500."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import queries
from accounts.access import EVERYTHING
from accounts.rules.asks import NO_TIER_RANK, RepSplit, Visible
from accounts.states import AccountStatus, BuyerRole, ShipComplete, SplitKind
from tests.factories.accounts import (
    AccountFactory,
    AssignmentFactory,
    BuyerFactory,
    MembershipFactory,
    ShipToFactory,
    TierFactory,
)

pytestmark = pytest.mark.django_db
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


def test_a_snapshot_carries_tier_and_the_groups_of_the_day():
    tier = TierFactory(rank=2, fair_share_weight=Decimal("1.5"), order_lock_days=3)
    account = AccountFactory(tier=tier, ship_complete="order")
    now_in = MembershipFactory(account=account, valid_from=JUNE)
    MembershipFactory(account=account, valid_from=date(2026, 1, 1), valid_to=JUNE)
    found = queries.account_snapshots([account.pk, 999_999], on=JUNE)
    assert list(found) == [account.pk]
    snapshot = found[account.pk]
    assert (snapshot.tier_rank, snapshot.fair_share_weight, snapshot.order_lock_days) == (2, Decimal("1.5"), 3)
    assert snapshot.group_ids == {now_in.group_id}
    assert snapshot.ship_complete is ShipComplete.ORDER
    assert snapshot.may_buy


def test_an_account_without_a_tier_comes_after_all_tiers():
    account = AccountFactory(status=AccountStatus.SUSPENDED)
    snapshot = queries.account_snapshots([account.pk], on=JUNE)[account.pk]
    assert (snapshot.tier_rank, snapshot.fair_share_weight) == (NO_TIER_RANK, 1)
    assert not snapshot.may_buy


@pytest.mark.parametrize("count", [1, 50, 500])
def test_reads_cost_the_same_for_any_number_of_accounts(count, django_assert_num_queries):
    ids = [AccountFactory().pk for _ in range(count)]
    places = [ShipToFactory(account_id=pk).pk for pk in ids]
    with django_assert_num_queries(5):
        assert len(queries.account_snapshots(ids, on=JUNE)) == count
        assert len(queries.ship_to_snapshots(places)) == count
        assert len(queries.names(ids)) == count
        assert queries.rep_splits(ids, on=JUNE) == {}
        assert queries.match_ship_tos([(pk, "NOWHERE") for pk in ids]) == {}


def test_codes_are_found_in_any_case():
    account = AccountFactory(code="Acme-1")
    assert queries.accounts_by_code(["acme-1 ", "nobody"]) == {"ACME-1": account.pk}


def test_opaque_ids_are_found():
    account = AccountFactory()
    assert queries.accounts_by_public_id([str(account.public_id)]) == {str(account.public_id): account.pk}


def test_ship_tos_come_default_first_and_without_the_closed_ones():
    account = AccountFactory()
    ShipToFactory(account=account, name="A")
    ShipToFactory(account=account, name="Z", is_default=True)
    ShipToFactory(account=account, name="B", is_active=False)
    assert [s.name for s in queries.ship_tos_of(account.pk)] == ["Z", "A"]


def test_an_address_leaves_empty_lines_out():
    place = ShipToFactory(line2="", name="Dock 4")
    snapshot = queries.ship_to_snapshots([place.pk])[place.pk]
    assert snapshot.address_lines == ("Dock 4", "12 Quay Street", "Reno NV 89501", "US")


def test_ship_tos_match_by_any_identifier_of_their_own_account():
    place = ShipToFactory(code="north", edi_code="0042", gln="5412345000013")
    other = ShipToFactory(code="north")
    ShipToFactory(account=place.account, code="gone", is_active=False)
    a, b = place.account_id, other.account_id
    wanted = [(a, "NORTH"), (a, "0042"), (a, "5412345000013"), (b, "north"), (b, "0042"), (a, "gone"), (a, " ")]
    assert queries.match_ship_tos(wanted) == {
        (a, "NORTH"): place.pk,
        (a, "0042"): place.pk,
        (a, "5412345000013"): place.pk,
        (b, "north"): other.pk,
    }


def test_splits_are_those_of_the_day():
    account = AccountFactory()
    first = AssignmentFactory(account=account, split_percent=100, valid_from=JUNE, valid_to=JULY)
    overlay = AssignmentFactory(account=account, split_percent=10, kind=SplitKind.OVERLAY, valid_from=JUNE)
    assert queries.rep_splits([account.pk], on=JUNE) == {
        account.pk: (
            RepSplit(first.rep_id, SplitKind.REVENUE, Decimal(100)),
            RepSplit(overlay.rep_id, SplitKind.OVERLAY, Decimal(10)),
        )
    }
    assert [s.rep_id for s in queries.rep_splits([account.pk], on=JULY)[account.pk]] == [overlay.rep_id]


def test_a_buyer_buys_for_children_only_where_granted():
    parent = AccountFactory()
    child = AccountFactory(parent=parent)
    granted = BuyerFactory(account=parent, includes_children=True, order_limit=Decimal(500))
    plain = BuyerFactory(account=parent, role=BuyerRole.VIEWER)
    found = queries.buyer_of(granted.user_id, child.pk)
    assert found is not None
    assert (found.id, found.account_id, found.order_limit) == (granted.pk, child.pk, Decimal(500))
    assert queries.buyer_of(plain.user_id, child.pk) is None
    viewer = queries.buyer_of(plain.user_id, parent.pk)
    assert viewer is not None
    assert not viewer.may_order


def test_the_nearest_grant_wins():
    parent = AccountFactory()
    child = AccountFactory(parent=parent)
    above = BuyerFactory(account=parent, includes_children=True, order_limit=Decimal(500))
    BuyerFactory(user=above.user, account=child, order_limit=Decimal(50))
    found = queries.buyer_of(above.user_id, child.pk)
    assert found is not None
    assert found.order_limit == 50


def test_searching_finds_by_code_or_name_within_what_may_be_seen():
    byname = AccountFactory(code="X1", name="Reno Medical")
    bycode = AccountFactory(code="RENO9", name="Anything")
    AccountFactory(code="Y", name="Other")
    found = queries.search_accounts("reno", among=EVERYTHING)
    assert found == [(bycode.pk, "RENO9", "Anything"), (byname.pk, "X1", "Reno Medical")]
    assert len(queries.search_accounts("reno", among=Visible(ids=frozenset({byname.pk})))) == 1
    assert queries.search_accounts("reno", among=Visible()) == []
