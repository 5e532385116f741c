from datetime import UTC, date, datetime
from decimal import Decimal

from inventory.rules.asks import DemandState, PromiseSlice
from orders.rules.asks import Progress
from orders.rules.standing import line_standing, order_standing
from portal.rules.progress import expected_words, moved, sign, steps
from portal.rules.words import hold_words

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def demand(**buckets):
    zero = dict.fromkeys(
        ("ordered", "cancelled", "backordered", "reserved", "allocated", "released", "picked", "shipped"), Decimal(0)
    )
    return DemandState(1, 1, **{**zero, **{k: Decimal(v) for k, v in buckets.items()}})


def test_a_line_of_60_with_40_shipped_and_20_open_says_20_backordered():
    assert line_standing(demand(ordered=60, shipped=40, backordered=20), is_held=False).words == "20 backordered"
    assert line_standing(demand(ordered=60, shipped=40, cancelled=20), is_held=False).words == "Shipped"
    assert line_standing(demand(ordered=60, cancelled=60), is_held=False).words == "Cancelled"
    assert line_standing(None, is_held=False).words == "Not placed yet"


def test_a_hold_shows_violet_until_the_warehouse_has_it():
    assert line_standing(demand(ordered=5, reserved=5), is_held=True).tone == "hold"
    assert line_standing(demand(ordered=5, released=5), is_held=True).words == "Being picked"
    assert sign(line_standing(demand(ordered=5, picked=5), is_held=True)).words == "Packed"


def test_an_order_s_one_state_in_a_list():
    part = Progress(1, "full", "partial", ordered=Decimal(72), shipped=Decimal(52), allocated=Decimal(20))
    assert order_standing("submitted", part, is_held=False).words == "Part shipped"
    assert order_standing("submitted", part, is_held=True).words == "On hold"
    assert order_standing("closed", part, is_held=True).words == "Complete"
    waiting = Progress(1, "none", "none", ordered=Decimal(5), backordered=Decimal(5))
    assert order_standing("submitted", waiting, is_held=False).words == "Waiting for stock"


def test_the_stepper_counts_units_and_leaves_out_the_cancelled():
    progress = Progress(
        1, "full", "partial", ordered=Decimal(80), cancelled=Decimal(8), shipped=Decimal(52), allocated=Decimal(20)
    )
    found = steps("submitted", NOW, progress, is_held=True, expected="expected 3 Dec")
    assert [(s.label, s.words, s.state) for s in found] == [
        ("Placed", "", "done"),
        ("Checked", "on hold", "held"),
        ("Reserved", "72 of 72 units", "done"),
        ("Shipped", "52 of 72 units", "now"),
        ("Complete", "expected 3 Dec", "next"),
    ]


def test_a_moved_promise_is_told_with_both_dates_and_a_kept_one_is_not():
    late = PromiseSlice(Decimal(20), "inbound", 1, None, date(2026, 12, 3), date(2026, 11, 28), "late at the port")
    kept = PromiseSlice(Decimal(40), "stock", 1, None, date(2026, 11, 28), date(2026, 11, 28))
    assert moved("NL-4471", [late, kept]) == [
        "20 × NL-4471 now arrive 3 Dec (first promised 28 Nov): late at the port."
    ]
    assert expected_words([late, kept]) == "expected 3 Dec"
    assert expected_words([PromiseSlice(Decimal(1), "none", None, None, None)]) == "part has no date yet"


def test_a_draft_has_done_nothing_yet():
    found = steps("draft", None, Progress(1, "none", "none"), is_held=False, expected="")
    assert {s.state for s in found} == {"next"}
    assert found[0].words == "not yet"


def test_a_hold_is_told_by_its_rule_before_its_reason():
    assert "purchase order number" in hold_words("data", "po_to_follow")
    assert hold_words("data", "data") == hold_words("data")
    assert hold_words("nobody knows") == "It waits for our customer service."
