"""May this account buy this product? Table and properties, without a database."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.states import AccountStatus
from catalog.rules.eligibility import Item, Party, Rule, level, violations
from catalog.states import Effect, ProductStatus

JUNE = date(2026, 6, 1)
ACME = Party(1, "Acme", AccountStatus.ACTIVE, frozenset({10, 11}), tier_id=20, territory_id=30)
PILL = Item(2, "PILL", ProductStatus.ACTIVE, category_ids=(42, 41, 40), regulated_class="CII")
ALLOW, DENY = Effect.ALLOW, Effect.DENY


def rule(n, effect, **names):
    return Rule(n, f"rule {n}", effect, **names)


def verdict(*rules, party=ACME, item=PILL, on=JUNE):
    return [v.rule for v in violations("k", party, item, rules, on=on)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], []),
        ([rule(1, DENY)], ["rule 1"]),
        ([rule(1, ALLOW)], []),
        ([rule(1, ALLOW), rule(2, DENY)], ["rule 2"]),  # the same level: deny
        ([rule(1, DENY), rule(2, ALLOW, account_id=1)], []),
        ([rule(1, DENY, account_id=1), rule(2, ALLOW, product_id=2)], []),  # the product says more than the party
        ([rule(1, DENY, group_id=10), rule(2, ALLOW, account_id=1)], []),
        ([rule(1, ALLOW, tier_id=20), rule(2, DENY, group_id=11)], ["rule 2"]),
        ([rule(1, ALLOW, territory_id=30), rule(2, DENY, tier_id=20)], ["rule 2"]),
        ([rule(1, DENY, category_id=40), rule(2, ALLOW, category_id=42)], []),  # the nearer category
        ([rule(1, ALLOW, category_id=41), rule(2, DENY, category_id=42)], ["rule 2"]),
        ([rule(1, DENY, regulated_class="CII"), rule(2, ALLOW, category_id=40)], []),
        ([rule(1, DENY, product_id=2), rule(2, ALLOW, product_id=2, account_id=1)], []),
        ([rule(1, DENY, product_id=3), rule(2, DENY, account_id=9), rule(3, DENY, group_id=12)], []),
        ([rule(1, DENY, tier_id=21), rule(2, DENY, category_id=43), rule(3, DENY, regulated_class="CI")], []),
    ],
)
def test_the_most_specific_wins_and_deny_beats_allow_at_the_same_level(rules, expected):
    assert verdict(*rules) == expected
    assert verdict(*reversed(rules)) == expected


def test_a_rule_counts_from_its_first_day_to_the_day_before_its_last():
    june = rule(1, DENY, valid_from=JUNE, valid_to=date(2026, 7, 1))
    days = [date(2026, 5, 31), JUNE, date(2026, 6, 30), date(2026, 7, 1)]
    assert [len(verdict(june, on=day)) for day in days] == [0, 1, 1, 0]


def test_a_licence_is_asked_for_by_the_rule_that_wins():
    needs = rule(1, ALLOW, regulated_class="CII", license_kind="DEA")
    licensed = replace(ACME, licences=frozenset({"DEA"}))
    assert verdict(needs) == ["rule 1"]
    assert verdict(needs, party=licensed) == []
    assert verdict(needs, rule(2, ALLOW, regulated_class="CII")) == ["rule 1"]  # the stricter of two allows
    assert verdict(needs, rule(2, ALLOW, product_id=2)) == []
    assert verdict(needs, rule(2, DENY, regulated_class="CII"), party=licensed) == ["rule 2"]


def test_the_losers_say_why_they_lost():
    found = violations(
        "7", ACME, PILL, [rule(1, ALLOW), rule(2, DENY, product_id=2), rule(3, ALLOW, product_id=2)], on=JUNE
    )
    (violation,) = found
    assert violation.key == "7"
    assert violation.message == "Acme may not buy PILL: rule 2."
    assert [(x.what, x.why) for x in violation.explanation.losers] == [
        ("rule 1", "less specific"),
        ("rule 3", "less strict at the same level"),
    ]


@pytest.mark.parametrize("status", [s for s in AccountStatus if s != AccountStatus.ACTIVE])
@pytest.mark.parametrize("goods", [ProductStatus.DISCONTINUED, ProductStatus.RECALLED])
def test_status_forbids_whatever_the_rules_allow_and_all_is_said_at_once(status, goods):
    found = verdict(
        rule(1, ALLOW, product_id=2, account_id=1),
        rule(2, DENY, product_id=2, account_id=1),
        party=replace(ACME, status=status),
        item=replace(PILL, status=goods),
    )
    assert found == ["account_status", f"product_{goods}", "rule 2"]


ids = st.none() | st.integers(1, 3)
rules = st.builds(
    Rule,
    id=st.integers(1, 10_000),
    name=st.just("r"),
    effect=st.sampled_from(list(Effect)),
    account_id=ids,
    group_id=ids,
    tier_id=ids,
    territory_id=ids,
    product_id=ids,
    category_id=ids,
    regulated_class=st.sampled_from(["", "A", "B"]),
    license_kind=st.sampled_from(["", "", "DEA"]),
)
parties = st.builds(
    Party,
    account_id=st.integers(1, 3),
    name=st.just("p"),
    status=st.just(AccountStatus.ACTIVE),
    group_ids=st.frozensets(st.integers(1, 3)),
    tier_id=ids,
    territory_id=ids,
    licences=st.frozensets(st.just("DEA")),
)
items = st.builds(
    Item,
    product_id=st.integers(1, 3),
    sku=st.just("i"),
    category_ids=st.lists(st.integers(1, 3), unique=True).map(tuple),
    regulated_class=st.sampled_from(["", "A", "B"]),
)


@given(parties, items, st.lists(rules, max_size=6), rules)
def test_a_deny_at_the_winning_level_always_forbids(party, item, known, template):
    covering = [r for r in known if r.covers(party, item)]
    if not covering:
        return
    winner = max(covering, key=lambda r: level(r, item))
    denial = replace(winner, id=template.id, effect=DENY)
    assert violations("k", party, item, [*known, denial], on=JUNE)


@given(parties, items, st.lists(rules, max_size=6), rules)
def test_one_more_deny_never_allows_more(party, item, known, extra):
    before = violations("k", party, item, known, on=JUNE)
    after = violations("k", party, item, [*known, replace(extra, effect=DENY)], on=JUNE)
    assert len(after) >= len(before)


@given(parties, items, st.permutations([1, 2, 3, 4]), st.lists(rules, min_size=4, max_size=4))
def test_the_order_of_the_rules_does_not_matter(party, item, order, known):
    known = [replace(r, id=n) for n, r in enumerate(known)]
    shuffled = [known[n - 1] for n in order]
    one, other = (violations("k", party, item, rs, on=JUNE) for rs in (known, shuffled))
    assert [(v.rule, v.message) for v in one] == [(v.rule, v.message) for v in other]


@given(parties, items, st.lists(rules, max_size=6))
def test_one_more_licence_never_forbids(party, item, known):
    licensed = replace(party, licences=party.licences | {"DEA"})
    if not violations("k", party, item, known, on=JUNE):
        assert violations("k", licensed, item, known, on=JUNE) == []
