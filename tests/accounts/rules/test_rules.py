"""The pure rules of accounts, without a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.authority import DEFAULTS, EVERY_OTHER_KIND, Limit, day_limit, in_force, may_approve, roles_for
from accounts.rules.checks import is_time_zone
from accounts.rules.ship_tos import Named, match
from accounts.states import Role

amounts = st.none() | st.decimals(-1_000_000, 1_000_000, places=2)
kinds = st.sampled_from([*sorted({x.kind for x in DEFAULTS}), "anything else"])
role_sets = st.sets(st.sampled_from(list(Role)))


@pytest.mark.parametrize(
    ("role", "kind", "amount", "expected"),
    [
        (Role.CS, "price", Decimal(1), False),
        (Role.CS_LEAD, "price", Decimal(1000), True),
        (Role.CS_LEAD, "price", Decimal("-1000.01"), False),
        (Role.PRICING, "price", Decimal(25_000), True),
        (Role.PRICING, "credit", Decimal(1), False),
        (Role.FINANCE, "credit", Decimal("25000.01"), False),
        (Role.FINANCE_APPROVER, "credit", Decimal(10**9), True),
        (Role.CS, "promise", Decimal(1_000), True),
        (Role.CS, "promise", Decimal("1000.01"), False),
        (Role.CS, "substitution", None, False),  # a kind without limits of its own
        (Role.CS_LEAD, "substitution", None, True),
    ],
)
def test_authority(role, kind, amount, expected):
    assert may_approve([role], kind=kind, amount=amount) is expected


def test_what_is_kept_for_a_kind_rules_it_alone_and_the_margin_counts_beside_the_amount():
    kept = [Limit("price", Role.CS, Decimal(50), Decimal(2), Decimal(80)), Limit("", Role.PLANNER, Decimal(9))]
    price = {"kind": "price", "kept": kept}
    assert may_approve([Role.CS], amount=Decimal(-50), margin_points=Decimal(2), **price)
    assert not may_approve([Role.CS], amount=Decimal(50), margin_points=Decimal("2.01"), **price)
    assert not may_approve([Role.FINANCE_APPROVER], amount=Decimal(1), **price)
    assert may_approve([Role.PLANNER], kind="promise", amount=Decimal(9), kept=kept)
    assert may_approve([Role.FINANCE], kind="credit", amount=Decimal(9), kept=kept)
    assert roles_for("price", Decimal(51), kept=kept) == []


def test_the_days_limit_is_the_widest_of_the_roles_that_reach():
    kept = [
        Limit("price", Role.CS, Decimal(50), day_amount=Decimal(80)),
        Limit("price", Role.CS_LEAD, Decimal(500), day_amount=Decimal(900)),
        Limit("price", Role.PRICING, Decimal(9_000)),
    ]
    asked = {"kind": "price", "margin_points": None, "kept": kept}
    assert day_limit({Role.CS, Role.CS_LEAD}, amount=Decimal(40), **asked) == 900
    assert day_limit({Role.CS}, amount=Decimal(40), **asked) == 80
    assert day_limit({Role.CS, Role.PRICING}, amount=Decimal(40), **asked) is None


@given(role_sets, kinds, amounts)
def test_a_superuser_counts_as_every_role(roles, kind, amount):
    assert may_approve(roles, kind=kind, amount=amount, is_superuser=True)


@given(role_sets, st.sampled_from(list(Role)), kinds, amounts)
def test_one_more_role_never_takes_authority_away(roles, more, kind, amount):
    if may_approve(roles, kind=kind, amount=amount):
        assert may_approve({*roles, more}, kind=kind, amount=amount)


@given(role_sets, kinds, st.decimals(0, 1_000_000, places=2), st.decimals(0, 1_000_000, places=2))
def test_a_smaller_amount_never_needs_more(roles, kind, one, other):
    if may_approve(roles, kind=kind, amount=max(one, other)):
        assert may_approve(roles, kind=kind, amount=min(one, other))


@given(kinds, amounts)
def test_there_is_always_somebody_to_ask(kind, amount):
    last = Role.BUYER_APPROVER if kind == "purchase order" else Role.FINANCE_APPROVER  # the customer's own decide those
    assert last in roles_for(kind, amount)


def test_the_edi_code_wins_over_the_gln_and_the_gln_over_our_code():
    places = [Named(1, 9, "X"), Named(2, 9, "b", gln="X"), Named(3, 9, "c", edi_code="x")]
    assert match([(9, "X")], places) == {(9, "X"): 3}
    assert match([(9, "X")], places[:2]) == {(9, "X"): 2}
    assert match([(9, "x ")], places[:1]) == {(9, "x "): 1}


def test_two_places_of_one_name_are_not_guessed_at():
    places = [Named(1, 9, "a", edi_code="X"), Named(2, 9, "X"), Named(3, 9, "c", edi_code="X")]
    assert match([(9, "X")], places) == {}


def test_a_name_counts_only_at_its_own_account():
    assert match([(8, "X"), (9, "Y")], [Named(1, 9, "X")]) == {}


@pytest.mark.parametrize(
    ("name", "expected"), [("Europe/Berlin", True), ("UTC", True), ("Mars/Base", False), ("", False), ("../etc", False)]
)
def test_time_zones(name, expected):
    assert is_time_zone(name) is expected


def test_limits_in_force_are_those_set_for_a_kind_and_the_defaults_of_all_others():
    mine = Limit("price", Role.PRICING, Decimal(500), Decimal(3))
    ruled = in_force([mine])
    assert [x for x, _ in ruled if x.kind == "price"] == [mine]  # neither CS lead nor finance any longer
    assert [x for x, is_set in ruled if is_set] == [mine]
    assert [x.role for x, _ in ruled if x.kind == "credit"] == [Role.FINANCE, Role.FINANCE_APPROVER]
    assert ruled[-1][0].kind == EVERY_OTHER_KIND
