"""The comparison of an order with what is wanted of it: pure, against a plain model."""

import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from catalog.rules.asks import ProductSnapshot, UnitFactor
from catalog.states import ProductStatus, Tracking
from core.money import line_amount
from inventory.rules.asks import DemandState
from orders.rules.amending import compare
from orders.rules.amending_words import day_words
from orders.rules.capture import Surroundings
from orders.rules.credit_queue import owes_more
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.wishes import LineWish, Wish, is_redated, is_redirected, least, standing
from tests.orders.rules.test_gates import ACCOUNT, ADDRESS

CASES = int(os.environ.get("OMS_CASES", "300"))
ZERO = Decimal(0)
BUCKETS = ("cancelled", "backordered", "reserved", "allocated", "released", "picked", "shipped")
HOME, AWAY, FOREIGN = replace(ADDRESS, id=1), replace(ADDRESS, id=2), replace(ADDRESS, id=3, account_id=99)


def product(pk, **more):
    values = {"order_multiple": ZERO, "min_order_qty": ZERO, "max_order_qty": None, "units": {"CASE": UnitFactor(12)}}
    return ProductSnapshot(
        pk, f"P{pk}", f"Product {pk}", "EA", tracking=Tracking.NONE, status=ProductStatus.ACTIVE, standard_cost=None,
        category_id=None, regulated_class="", shelf_life_days=None, weight_kg=None, **(values | more),
    )  # fmt: skip


AROUND = Surroundings({7: ACCOUNT}, {s.id: s for s in (HOME, AWAY, FOREIGN)}, {n: product(n) for n in (1, 2, 3)})


def line(n, *, unit="EA", unit_qty=None, price="10", stated=None, **buckets):
    sizes = {b: Decimal(buckets.get(b, 0)) for b in BUCKETS}
    qty = sum(sizes.values())
    left = qty - sizes["cancelled"]
    return LinePicture(
        n - 1, n, n, f"P{n}", qty, qty if unit_qty is None else Decimal(unit_qty), unit_price=Decimal(price),
        amount=line_amount(left, Decimal(price), "USD"), line_id=100 + n, unit=unit, stated_price=stated,
        demand=DemandState(200 + n, n, qty, **sizes),
    )  # fmt: skip


def order(*lines, status="submitted", **more):
    meta = {"status": status, "submitted_at": datetime(2026, 3, 2, tzinfo=UTC)}
    return OrderPicture(5, "SO-5", 7, "USD", tuple(lines), ship_to_id=1, meta=meta, **more)


def amended(found, n=1):
    return next(x for x in found.after.lines if x.line_no == n)


def codes(found):
    return {(e.pointer, e.code) for e in found.errors}


def test_less_takes_what_waits_first_then_reserved_then_allocated_and_never_what_is_released():
    before = order(line(1, backordered=2, reserved=3, allocated=4, released=5))
    state = amended(compare(before, Wish((LineWish(1, Decimal(6)),)), AROUND)).demand
    assert (state.cancelled, state.backordered, state.reserved, state.allocated, state.released) == (8, 0, 0, 1, 5)
    assert codes(compare(before, Wish((LineWish(1, Decimal(4)),)), AROUND)) == {("/lines/0/qty", "below_what_is_gone")}


def test_every_kind_of_gone_is_named_with_what_can_be_done():
    (error,) = compare(order(line(1, released=1, picked=2, shipped=3)), Wish((LineWish(1, Decimal(5)),)), AROUND).errors
    assert error.message == "Line 1: 3 shipped and 2 picked and 1 released to the warehouse, so it cannot be 5."
    assert error.remedy == "Ask for at least 6. Or ask the warehouse to recall the shipment first."
    (sent,) = compare(order(line(1, shipped=3)), Wish((LineWish(1, ZERO),)), AROUND).errors
    assert "return" in sent.remedy


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish((LineWish(1, Decimal("1.5"), unit="BOX"),)), ("/lines/0/unit", "unknown_unit")),
        (Wish((LineWish(1, Decimal("0.00005")),)), ("/lines/0/qty", "does_not_fit")),
        (Wish((LineWish(1, Decimal("NaN")),)), ("/lines/0/qty", "not_positive")),
        (Wish((LineWish(1, Decimal("9999999999")),)), ("/lines/0/qty", "does_not_fit")),
        (Wish((LineWish(1, product_id=2),)), ("/lines/0/product_id", "product_fixed")),
        (Wish((LineWish(1), LineWish(1))), ("/lines/1/line_no", "not_unique")),
        (Wish((LineWish(product_id=1),)), ("/lines/0/qty", "required")),
        (Wish((LineWish(product_id=9, qty=Decimal(1)),)), ("/lines/0/product_id", "unknown_product")),
        (Wish((LineWish(1, ship_to_id=3),)), ("/lines/0/ship_to_id", "unknown_ship_to")),
        (Wish(ship_to_id=4), ("/ship_to_id", "unknown_ship_to")),
        (Wish(requested_date=date(26, 1, 1)), ("/requested_date", "out_of_calendar")),
        (Wish(po_number="x" * 61), ("/po_number", "too_long")),
        (Wish(cleared=frozenset({"po_number"})), ("/po_number", "required")),
        (
            Wish(requested_date=date(2026, 5, 1), cancel_after_date=date(2026, 4, 1)),
            ("/cancel_after_date", "before_requested"),
        ),
    ],
)
def test_what_cannot_be_said_is_named_at_its_place(wish, code):
    found = compare(order(line(1, backordered=9000000000)), wish, AROUND)
    assert code in codes(found)
    assert all(e.message for e in found.errors)


def test_a_line_that_has_all_gone_is_not_dated_again_but_more_of_it_may_be():
    before = order(line(1, shipped=5))
    day = date(2026, 4, 1)
    assert codes(compare(before, Wish((LineWish(1, requested_date=day),)), AROUND)) == {
        ("/lines/0/requested_date", "nothing_left")
    }
    assert codes(compare(before, Wish((LineWish(1, Decimal(6), requested_date=day),)), AROUND)) == set()


def test_cases_stay_cases_where_they_come_out_even_and_the_stated_price_follows():
    before = order(line(1, unit="CASE", unit_qty=2, stated=Decimal(120), backordered=24))
    even = amended(compare(before, Wish((LineWish(1, Decimal(3), unit="CASE"),)), AROUND))
    assert (even.qty, even.unit_qty, even.unit, even.stated_price) == (36, 3, "CASE", 120)
    odd = amended(compare(before, Wish((LineWish(1, Decimal(31)),)), AROUND))
    assert (odd.qty, odd.unit_qty, odd.unit, odd.stated_price) == (31, 31, "", 10)


def test_a_wish_for_what_is_so_already_is_nothing():
    before = order(line(1, reserved=5), po_number="A", requested_date=date(2026, 3, 9))
    same = Wish((LineWish(1, Decimal(5)),), po_number="A", ship_to_id=1, requested_date=date(2026, 3, 9), note="n")
    assert compare(before, same, AROUND, note="n").is_nothing


def test_what_the_warehouse_has_goes_to_the_old_address_and_is_said():
    before = order(line(1, reserved=5, released=2), line(2, shipped=1))
    found = compare(before, Wish(ship_to_id=2), AROUND)
    assert found.notes == ("Line 1: 2 in the warehouse's hands go to the old address.",)
    pairs = list(zip(found.after.lines, before.lines, strict=True))
    assert [is_redirected(before, found.after, x, was) for x, was in pairs] == [True, False]
    assert not any(is_redated(before, found.after, x, was) for x, was in pairs)
    assert (day_words(None), day_words(date(2026, 3, 9))) == ("none", "9 Mar 2026")


def test_a_sooner_day_owes_more_a_later_one_does_not():
    before = order(line(1, reserved=5), requested_date=date(2026, 4, 1))
    assert owes_more(before, replace(before, requested_date=date(2026, 3, 20)))
    assert not owes_more(before, replace(before, requested_date=date(2026, 5, 1)))


def test_against_a_plain_model_every_unit_stays_in_one_bucket_and_back_again_is_as_before():
    """Random ledgers and wishes: what is asked stands, nothing gone is touched, amounts follow, and the way back from
    less restores the buckets' sum, the amount and what is cancelled."""
    chance = random.Random(20261127)
    refused = lowered = raised = 0
    for _ in range(CASES):
        sizes = {b: chance.choice([0, 0, 1, 2, 7]) for b in BUCKETS}
        if not sum(sizes.values()):
            continue
        before = order(line(1, **sizes))
        old = before.lines[0]
        wanted = Decimal(chance.randint(0, 40))
        found = compare(before, Wish((LineWish(1, wanted),)), AROUND)
        if wanted < least(old):
            assert codes(found) == {("/lines/0/qty", "below_what_is_gone")}
            refused += 1
            continue
        new = amended(found)
        assert standing(new) == wanted
        assert new.demand.ordered == new.qty == sum(getattr(new.demand, b) for b in BUCKETS)
        assert [getattr(new.demand, b) for b in ("released", "picked", "shipped")] == [
            getattr(old.demand, b) for b in ("released", "picked", "shipped")
        ]
        assert new.amount == wanted * 10
        if wanted > standing(old):
            raised += 1
            assert (new.demand.reserved, new.demand.allocated) == (old.demand.reserved, old.demand.allocated)
        elif wanted < standing(old):
            lowered += 1
            again = compare(found.after, Wish((LineWish(1, standing(old)),)), AROUND)
            back = amended(again)
            assert (back.qty, back.demand.cancelled, back.amount) == (old.qty, old.demand.cancelled, old.amount)
    assert min(refused, lowered, raised) > 0


@pytest.mark.parametrize("status", ["draft", "closed", "cancelled"])
def test_only_an_open_order_is_amended_and_the_other_faults_are_said_with_it(status):
    found = compare(order(line(1, reserved=5), status=status), Wish((LineWish(9),), po_number=""), AROUND)
    assert codes(found) == {("/status", "not_open"), ("/lines/0/line_no", "unknown_line"), ("/po_number", "required")}
