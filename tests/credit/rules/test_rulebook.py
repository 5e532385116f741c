"""Rules as data: the most specific row of a kind decides, an exclusion switches off its own rule and no other."""

import os
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.refs import DocumentRef
from credit.rules.asks import CreditAsk, ExposureParts
from credit.rules.decide import Family, Limits, Overdue, Standing, decide
from credit.rules.rulebook import Rule, built_in, rules_for, rulings
from credit.rules.terms import Terms
from credit.states import CheckPoint, Effect, Judgement, Level, RuleKind

CASES = int(os.environ.get("OMS_CASES", "300"))
TODAY = date(2026, 11, 22)
NOTHING = ExposureParts(*[Decimal(0)] * 5)
ORDER_MAX = RuleKind.ORDER_VALUE_MAX
levels = st.sampled_from([Level.ALL, Level.GROUP, Level.SETTING, Level.ACCOUNT])
rows = st.builds(
    Rule,
    kind=st.sampled_from(RuleKind),
    effect=st.sampled_from(Effect),
    level=levels,
    risk_group=st.sampled_from(["", "B"]),
    value=st.one_of(st.none(), st.integers(0, 90).map(Decimal)),
    points=st.sampled_from([frozenset(), frozenset({CheckPoint.ENTRY}), frozenset({CheckPoint.RELEASE})]),
)


def held(rules=(), amount="100", *, point=CheckPoint.ENTRY, **standing):
    base = {"limits": Limits(Decimal(1000)), "parts": NOTHING}
    account = Standing(
        1, "USD", **(base | standing), terms=Terms("NET30", "Net 30"), horizon_end=TODAY + timedelta(30), rules=rules
    )
    ask = CreditAsk(1, DocumentRef("order", 1), Decimal(amount), "USD", TODAY)
    return decide([ask], {1: account}, {}, point=point, today=TODAY)[0]


def blocking(value, level, **more):
    return Rule(ORDER_MAX, Effect.BLOCKING, level, value=Decimal(value), **more)


def excluded(level, kind=ORDER_MAX, **more):
    return Rule(kind, Effect.EXCLUSION, level, **more)


@pytest.mark.parametrize(
    ("rules", "is_held"),
    [
        ((), False),
        ((blocking(50, Level.ALL),), True),
        ((blocking(50, Level.ALL), excluded(Level.GROUP)), False),
        ((blocking(50, Level.ALL), excluded(Level.ALL)), True),  # as specific: blocking wins
        ((blocking(50, Level.ALL), excluded(Level.GROUP), blocking(80, Level.ACCOUNT)), True),
        ((blocking(50, Level.ACCOUNT), excluded(Level.ALL)), True),
        ((blocking(50, Level.ALL), blocking(200, Level.ACCOUNT)), False),
        ((blocking(50, Level.ALL), excluded(Level.ALL, risk_group="B")), False),
        ((blocking(50, Level.GROUP), blocking(200, Level.GROUP)), True),  # two groups: the strictest
    ],
)
def test_the_most_specific_row_decides(rules, is_held):
    assert (not held(rules).is_approved) is is_held


def test_an_exclusion_switches_off_only_its_own_rule_and_what_it_switched_off_is_still_told():
    decision = held((excluded(Level.ACCOUNT, RuleKind.ACCOUNT_STATUS),), "1001", account_status="suspended")
    assert [(r.rule, r.judgement) for r in decision.results][:2] == [
        ("account_status", Judgement.EXCLUDED),
        ("credit_limit", Judgement.HOLDS),
    ]
    assert [(r.rule, r.is_blocking) for r in decision.reasons] == [("account_status", False), ("credit_limit", True)]


def test_a_rule_for_release_says_nothing_at_entry():
    rules = (blocking(50, Level.ALL, points=frozenset({CheckPoint.RELEASE})),)
    assert held(rules).is_approved
    assert not held(rules, point=CheckPoint.RELEASE).is_approved


@pytest.mark.parametrize(("percent", "is_held"), [("24.99", True), ("25", False)])
def test_a_quarter_overdue_holds_below_25_percent_allowed(percent, is_held):
    rule = Rule(RuleKind.OVERDUE_PERCENT, level=Level.ALL, value=Decimal(percent))
    parts = ExposureParts(Decimal(400), *[Decimal(0)] * 4)
    decision = held((rule,), parts=parts, overdue=Overdue(Decimal(100), 3))
    assert (not decision.is_approved) is is_held


def test_at_the_pick_wave_credit_notes_and_never_holds_what_was_released():
    decision = held(amount="0", point=CheckPoint.PICK, account_status="suspended", limits=Limits(Decimal(0)))
    assert decision.is_approved
    assert [r.judgement for r in decision.results if r.rule == "account_status"] == [Judgement.NOTED]
    more = held(amount="1", point=CheckPoint.PICK, limits=Limits(Decimal(0)))
    assert [r.rule for r in more.reasons if r.is_blocking] == ["credit_limit"]


def test_the_head_s_limit_covers_the_family_together():
    parts = ExposureParts(Decimal(700), *[Decimal(0)] * 4)
    family = Family(9, "PARENT Parent Inc", Limits(Decimal(750)), parts)
    decision = held(families=(family,))
    assert [(r.rule, r.message) for r in decision.reasons] == [
        (
            "group_limit",
            "Over by 50.00 together: open receivables 700 + this order 100 against 750 USD"
            " of PARENT Parent Inc and its companies.",
        )
    ]
    assert held(families=(family,), amount="50").is_approved


def test_every_head_above_is_asked_and_each_that_is_passed_is_told():
    parts = ExposureParts(Decimal(700), *[Decimal(0)] * 4)
    near = Family(9, "REGION Region", Limits(Decimal(900)), parts)
    top = Family(10, "GLOBAL Holding", Limits(Decimal(1000)), ExposureParts(Decimal(950), *[Decimal(0)] * 4))
    decision = held(families=(near, top))
    assert [r.message for r in decision.reasons] == [
        "Over by 50.00 together: open receivables 950 + this order 100 against 1,000 USD"
        " of GLOBAL Holding and its companies."
    ]
    both = held(families=(near, top), amount="250").reasons[-1]
    assert both.message.count("together") == 2
    assert both.data["over"] == 200


def test_rows_of_others_are_not_about_this_account():
    rules = [
        Rule(ORDER_MAX, account_id=2),
        Rule(ORDER_MAX, group_id=7),
        Rule(ORDER_MAX, risk_group="A"),
        Rule(ORDER_MAX, group_id=8, risk_group="B"),
    ]
    assert rules_for(rules, account_id=1, group_ids={8}, risk_group="B") == (rules[3],)


@settings(max_examples=CASES)
@given(st.lists(rows, max_size=12), st.sampled_from(CheckPoint))
def test_every_kind_is_ruled_once_and_the_order_of_rows_does_not_matter(rules, point):
    found = rulings((*built_in(), *rules), point=point)
    assert list(found) == list(RuleKind)
    assert rulings((*reversed(rules), *built_in()), point=point) == found


@settings(max_examples=CASES)
@given(st.lists(rows, max_size=8), rows)
def test_one_more_row_touches_no_rule_but_its_own(rules, more):
    before, after = (rulings((*built_in(), *some), point=CheckPoint.ENTRY) for some in (rules, [*rules, more]))
    assert {k for k in RuleKind if before[k] != after[k]} <= {more.kind}


@settings(max_examples=CASES)
@given(st.lists(rows, max_size=8), st.integers(0, 200))
def test_every_result_is_kept_and_held_means_a_rule_holds(rules, amount):
    decision = held(tuple(rules), str(amount), overdue=Overdue(Decimal(40), 45), account_status="suspended")
    told = [r.rule for r in decision.results]
    assert len(told) == len(set(told))
    assert decision.is_approved is not any(r.judgement == Judgement.HOLDS for r in decision.results)
    assert {r.rule for r in decision.reasons} == {r.rule for r in decision.results if r.judgement != Judgement.PASSES}


def test_the_three_levels_whole():
    """All 27 combinations of nothing, blocking and exclusion at the three levels, against the sentence of the domain."""
    choices = (None, Effect.BLOCKING, Effect.EXCLUSION)
    for everybody, group, account in product(choices, repeat=3):
        rules = [
            Rule(RuleKind.ACCOUNT_STATUS, effect, level)
            for effect, level in ((everybody, Level.ALL), (group, Level.GROUP), (account, Level.ACCOUNT))
            if effect
        ]
        last = next((e for e in (account, group, everybody) if e), Effect.BLOCKING)
        assert held(tuple(rules), account_status="suspended").is_approved is (last == Effect.EXCLUSION)
