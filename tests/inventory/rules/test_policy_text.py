"""Segments as people write them."""

import pytest

from inventory.rules.policy import DEFAULT_KEYS, Filters
from inventory.rules.policy_text import Names, SegmentDraft, Unreadable, codes_named, read, written
from inventory.states import FairWeight, SortKey, Strategy

NAMES = Names(account={"C-100": 7}, group={"GPO": 3}, category={"GLOVE": 4})


def filters(who):
    return read(SegmentDraft("a", "gain", who), NAMES).filters


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("", Filters()),
        ("everyone", Filters()),
        ("tier 1, 2", Filters(tier_ranks=frozenset({1, 2}))),
        ("region West, New England", Filters(regions=frozenset({"West", "New England"}))),
        ("account c-100; group GPO", Filters(account_ids=frozenset({7}), group_ids=frozenset({3}))),
        ("Category glove", Filters(category_ids=frozenset({4}))),
        ("contract; not blocked", Filters(is_contract=True, is_blocked=False)),
        ("spot; blocked", Filters(is_contract=False, is_blocked=True)),
        ("Behind target; contract", Filters(is_behind=True, is_contract=True)),
        ("on target", Filters(is_behind=False)),
        ("margin 3-9", Filters(min_margin_band=3, max_margin_band=9)),
        ("margin 5", Filters(min_margin_band=5, max_margin_band=5)),
        ("due within 14 days; due after 3", Filters(due_within_days=14, due_after_days=3)),
    ],
)
def test_who_is_meant_is_read_from_words(who, found):
    assert filters(who) == found


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (SegmentDraft("a", "grab"), "'grab' is no strategy"),
        (SegmentDraft("a", "win", "tier gold"), "'tier gold' needs a whole number"),
        (SegmentDraft("a", "win", f"due within {'9' * 5000}"), "needs a whole number, of at most 9 digits"),
        (SegmentDraft("a", "win", "nice people"), "'nice people' says nothing about who is meant"),
        (SegmentDraft("a", "win", "group NORTH"), "There is no group NORTH"),
        (SegmentDraft("a", "win", sort="tier, luck"), "'luck' is nothing to sort by"),
        (SegmentDraft("a", "gain", fair="luck"), "'luck' is no weight"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_could_be(draft, words):
    with pytest.raises(Unreadable, match=words):
        read(draft, NAMES)


def test_a_segment_is_written_as_it_was_read():
    draft = SegmentDraft("near", "gain", "tier 1; due within 3", "tier, date, SLA penalty", "history")
    found = read(draft, NAMES)
    assert (found.strategy, found.is_fair, found.weight) == (Strategy.GAIN, True, FairWeight.HISTORY)
    assert found.sort_keys == (SortKey.TIER, SortKey.REQUESTED_DATE, SortKey.SLA_PENALTY)
    assert written(found) == draft
    assert read(SegmentDraft("all", "win"), NAMES).sort_keys == DEFAULT_KEYS


def test_the_codes_to_look_up_are_those_named():
    drafts = [SegmentDraft("a", "win", "account c-1, C-2; tier 1"), SegmentDraft("b", "fill", "Group gpo; category X")]
    assert codes_named(drafts) == {"account": {"C-1", "C-2"}, "group": {"GPO"}, "category": {"X"}}
