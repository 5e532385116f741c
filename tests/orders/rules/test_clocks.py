from datetime import UTC, datetime, timedelta

from orders.rules.clocks import Span, clean_at, clocks

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def test_an_order_is_clean_from_its_submit_or_from_the_end_of_its_last_hold():
    assert clean_at(None, is_held=False, cleared_at=None) is None
    assert clean_at(NOW, is_held=False, cleared_at=None) == NOW
    assert clean_at(NOW, is_held=False, cleared_at=LATER) == LATER
    assert clean_at(NOW, is_held=True, cleared_at=LATER) is None


def test_the_clocks_stand_in_their_order_and_buyers_see_theirs():
    found = clocks({"paid": Span(NOW, LATER), "clean": Span(NOW, NOW)})
    assert [c.code for c in found if c.span] == ["clean", "paid"]
    assert [c.code for c in found if c.for_buyers] == [
        "entered", "promised", "shipped", "delivered", "invoiced", "paid",
    ]  # fmt: skip
    assert (found[1].span.is_one, found[-1].span.is_one) == (True, False)
