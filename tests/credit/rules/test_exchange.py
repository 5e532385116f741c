"""Amounts in another currency: rounded once for all that stands together, so that what left leaves no cent behind."""

import os
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.refs import DocumentRef
from credit.rules.asks import CountedPart, CreditAsk, PostingSpec
from credit.rules.exchange import RateKey, Sum, converted, in_currency, standing_of, worth
from credit.states import Bucket

CASES = int(os.environ.get("OMS_CASES", "300"))
DAY = date(2026, 11, 22)
KEY = RateKey(1, "EUR", DAY)
OLD = RateKey(1, "EUR", date(2026, 10, 1))
ORDER = DocumentRef("order", 7)
D = Decimal
cents = st.integers(1, 1_000_000).map(lambda n: D(n) / 100)
rates = st.integers(1, 10**12).map(lambda n: D(n) / 10**10)


def spec(amount, bucket=Bucket.OPEN_ORDER, doc=ORDER):
    return PostingSpec(1, doc, bucket, D(amount), "key", ship_date=DAY if bucket == Bucket.OPEN_ORDER else None)


def test_three_thirds_come_and_leave_at_one_cent_less_than_each_rounded():
    thirds = [(KEY, spec("33.33", Bucket.RELEASED, DocumentRef("shipment", n))) for n in range(3)]
    whole = [(KEY, spec("99.99", Bucket.RELEASED))]
    back = [(KEY, PostingSpec(1, s.doc, s.bucket, -s.amount, "key")) for _, s in thirds]
    made = converted([*whole, *back], {}, {KEY: D("1.085")}, "USD")
    assert [m.amount for m in made] == [D("108.49"), D("-36.16"), D("-36.17"), D("-36.16")]


@settings(max_examples=CASES, deadline=None)
@given(moves=st.lists(st.tuples(cents, st.integers(1, 3)), min_size=1, max_size=8), rate=rates)
def test_what_came_in_parts_and_left_whole_is_nothing_and_is_never_below_it(moves, rate):
    """Released by orders, left by shipments: the account's total is the sum rounded once after every posting."""
    steps = [(KEY, spec(amount, Bucket.RELEASED, DocumentRef("order", doc))) for amount, doc in moves]
    steps += [(KEY, spec(-amount, Bucket.RELEASED, DocumentRef("shipment", doc))) for amount, doc in reversed(moves)]
    total, own = D(0), D(0)
    for made in converted(steps, {}, {KEY: rate}, "USD"):
        total, own = total + made.amount, own + made.spec.amount
        assert total == worth(own, rate, "USD") >= 0
        assert (made.document_amount, made.rate, made.currency) == (made.spec.amount, rate, "EUR")
    assert total == 0


@settings(max_examples=CASES, deadline=None)
@given(before=cents, more=cents, rate=rates)
def test_what_waited_for_a_rate_is_counted_whole_by_the_next_posting(before, more, rate):
    (waiting,) = converted([(KEY, spec(before))], {}, {KEY: None}, "USD")
    assert (waiting.amount, waiting.rate, waiting.document_amount) == (0, None, before)
    place = standing_of(KEY, Bucket.OPEN_ORDER, ("order", 7), DAY)
    (made,) = converted([(KEY, spec(more))], {place: Sum(before, D(0))}, {KEY: rate}, "USD")
    assert made.amount == worth(before + more, rate, "USD")


def ask(amount, currency="EUR", **more):
    return CreditAsk(1, ORDER, D(amount), currency, DAY, D(5), rate_date=DAY, **more)


def test_an_ask_is_counted_day_by_day_at_its_own_rate_and_what_is_counted_at_the_rate_it_was_counted_by():
    counted = (CountedPart("EUR", OLD.rate_date, D("10.05")), CountedPart("USD", DAY, D(7)))
    asked = ask("20.10", amounts=(D("10.05"), D("10.05")), counted=counted)
    found = in_currency(asked, "USD", {KEY: D("1.1"), OLD: D("1.2")}, {OLD: D("1.2")}, DAY)
    assert (found.amount, found.already_counted, found.currency) == (D("22.12"), D("19.06"), "USD")
    assert (found.stated, found.rate) == ((D("20.10"), "EUR"), D("1.1"))


def test_what_waits_for_a_rate_is_not_taken_off_an_exposure_it_is_not_in():
    found = in_currency(ask(10, counted=(CountedPart("EUR", DAY, D(10)),)), "USD", {KEY: D("1.1")}, {KEY: None}, DAY)
    assert (found.amount, found.already_counted) == (11, 0)


def test_without_a_rate_and_in_the_account_s_own_currency_an_ask_stays_as_it_is():
    assert in_currency(ask(10), "USD", {}, {}, DAY) == ask(10)
    own = ask(10, "USD", counted=(CountedPart("USD", DAY, D(5)),))
    assert in_currency(own, "USD", {}, {}, DAY) == own


def test_an_order_in_the_account_s_currency_leaves_out_what_waits_behind_it_in_another():
    own = ask(10, "USD", counted=(CountedPart("USD", DAY, D(10)), CountedPart("EUR", DAY, D(20))))
    found = in_currency(own, "USD", {}, {KEY: D("1.1")}, DAY)
    assert (found.amount, found.already_counted, found.stated) == (10, 32, None)
