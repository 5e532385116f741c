from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from accounts.rules.asks import AccountSnapshot, ShipToSnapshot
from accounts.states import AccountStatus, ShipComplete
from catalog.rules.asks import Violation
from core.explain import Explanation
from inventory.rules.asks import DemandState
from orders.rules import gates
from orders.rules.credit_queue import asks_again, asks_at_release
from orders.rules.exposure import by_ship_date, open_change, ship_date_of, worth_of
from orders.rules.holds import holds_for, refresh
from orders.rules.picture import LinePicture, OpenHold, OrderPicture, Waiver
from orders.rules.progress import progress
from orders.rules.releasable import releasable
from orders.states import Gate, Verdict

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZERO = Decimal(0)
ACCOUNT = AccountSnapshot(
    7,
    "A7",
    "Harbor",
    AccountStatus.ACTIVE,
    None,
    None,
    1,
    Decimal(1),
    0,
    None,
    "",
    "USD",
    "UTC",
    True,
    ShipComplete.NONE,
    ZERO,
    ZERO,
    None,
    True,
    False,
    0,
    False,
)
ADDRESS = ShipToSnapshot(3, 7, "S", "Dock", "", "", "Reno", "", "", "US", "UTC", None, True, True)


def state(ordered, *, backordered=0, allocated=0, released=0, shipped=0, demand_id=1):
    reserved = ordered - backordered - allocated - released - shipped
    parts = (ordered, 0, backordered, reserved, allocated, released, 0, shipped)
    return DemandState(demand_id, 1, *map(Decimal, parts))


def line(n=1, qty=10, price="2.50", **more):
    unit_price = None if price is None else Decimal(price)
    amount = ZERO if price is None else qty * Decimal(price)
    picture = LinePicture(
        n - 1, n, 100 + n, f"SKU{n}", Decimal(qty), Decimal(qty), unit_price=unit_price, amount=amount
    )
    return replace(picture, line_id=n, **more)


def order(*lines, **more):
    values = {"ship_to_id": 3, "po_number": "P1", "meta": {"submitted_at": NOW}}
    return OrderPicture(1, "SO-1", 7, "USD", tuple(lines), **(values | more))


def test_a_suspended_account_and_every_forbidden_line_are_named_at_once():
    no = Violation("1:2", "no_licence", "A licence is missing.", Explanation("no_licence", "refused"))
    suspended = replace(ACCOUNT, status=AccountStatus.SUSPENDED)
    (result,) = gates.eligibility(order(line(1), line(2)), suspended, {2: [no]})
    assert result.verdict == Verdict.REJECT
    assert [p.pointer for p in result.problems] == ["/account_id", "/lines/1/product_id"]


def test_data_wants_products_an_own_address_and_the_po_number():
    unknown = replace(line(1), product_id=None, sku="", stated_code="X9")
    (result,) = gates.data(order(unknown, po_number="", ship_to_id=99), ACCOUNT, {3: ADDRESS})
    assert [p.pointer for p in result.problems] == ["/lines/0/product_id", "/ship_to_id", "/po_number"]
    assert "X9" in result.problems[0].message
    (fine,) = gates.data(order(line(1)), ACCOUNT, {3: ADDRESS})
    assert fine.is_pass


def test_an_order_without_a_header_address_is_fine_when_every_line_has_one():
    (result,) = gates.data(order(line(1, ship_to_id=3), ship_to_id=None), ACCOUNT, {3: ADDRESS})
    assert result.is_pass


def test_a_missing_price_rejects_and_hides_no_other_line():
    (result,) = gates.price(order(line(1, price=None), line(2), line(3, price=None)))
    assert (result.verdict, result.rule) == (Verdict.REJECT, "price_missing")
    assert [p.pointer for p in result.problems] == ["/lines/0/product_id", "/lines/2/product_id"]


def test_a_low_price_and_a_stated_one_are_two_holds():
    low = line(1, floor=Decimal(3))
    differs = line(2, stated_price=Decimal("2.40"))
    results = gates.price(order(low, differs))
    assert [(r.verdict, r.rule) for r in results] == [(Verdict.HOLD, "price_floor"), (Verdict.HOLD, "price_mismatch")]
    assert results[1].message == "SKU2: the order says 2.40, our price is 2.50 USD."
    assert results[1].explanation.inputs["difference"] == "1.00 USD"
    assert [h.rule for h in holds_for(results)] == ["price_floor", "price_mismatch"]


def test_a_price_per_case_is_compared_per_case():
    by_case = replace(line(1, qty=24), unit_qty=Decimal(2), stated_price=Decimal(30))
    (result,) = gates.price(order(by_case))
    assert result.is_pass


def test_a_waiver_passes_its_rule_up_to_its_ceiling_and_its_end():
    held = gates.price(order(line(1, floor=Decimal(3))))
    waived = order(line(1), waivers=(Waiver("price_floor", "Pia", Decimal(30), NOW),))
    assert gates.after_waivers(waived, held, Decimal(30), NOW)[0].is_pass
    assert not gates.after_waivers(waived, held, Decimal("30.01"), NOW)[0].is_pass
    assert not gates.after_waivers(waived, held, Decimal(30), NOW.replace(hour=13))[0].is_pass


def test_holds_of_a_passing_rule_are_cleared_but_not_forced_or_manual_ones():
    holds = (
        OpenHold(1, "price", "price_floor", ("release",), False),
        OpenHold(2, "price", "by_hand:price", ("release",), True),
        OpenHold(3, "manual", "by_hand:manual", ("release",), False),
        OpenHold(4, "credit", "credit", ("release",), False),
    )
    change = refresh(holds, gates.price(order(line(1))), [Gate.PRICE])
    assert [h.hold_id for h in change.clear] == [1]
    assert change.place == ()


def test_a_hold_by_hand_is_told_by_the_approval_gate_and_places_no_second_hold():
    by_hand = OpenHold(3, "manual", "by_hand:manual", ("release",), False, "Wait for us.")
    held = order(line(1), open_holds=(by_hand,))
    results = gates.approval(held)
    assert (results[0].verdict, results[0].rule) == (Verdict.HOLD, "by_hand:manual")
    assert refresh(held.open_holds, results, [Gate.APPROVAL]).place == ()


def test_what_may_ship_follows_policy_and_percentages():
    full = line(1, demand=state(10, allocated=10))
    half = line(2, demand=state(10, allocated=5, backordered=5))
    asked = order(full, half)

    def going(**policy):
        return releasable(asked, replace(ACCOUNT, **policy)).line_nos

    assert going() == (1, 2)
    assert going(ship_complete=ShipComplete.LINE) == (1,)
    assert going(ship_complete=ShipComplete.ORDER) == ()
    assert going(min_line_percent=Decimal(60)) == (1,)
    assert going(min_order_percent=Decimal(75)) == (1, 2)
    assert going(min_order_percent=Decimal(76)) == ()


def test_the_rest_of_a_part_shipped_line_goes_although_it_is_below_the_minimum():
    rest = line(1, demand=state(10, shipped=9, allocated=1))
    assert releasable(order(rest), replace(ACCOUNT, min_line_percent=Decimal(80))).line_nos == (1,)


def test_open_exposure_is_rounded_once_per_line_and_the_last_unit_empties_it():
    worth = worth_of(order(line(1, price="0.333333")), line(1, price="0.333333"))
    changes = [open_change(worth, Decimal(a), Decimal(b)) for a, b in ((0, 3), (3, 2), (2, 1), (1, 0))]
    assert changes[0] == Decimal("1.00")
    assert sum(changes) == 0


def test_exposure_ships_on_the_requested_date_but_never_before_submit():
    assert ship_date_of(date(2026, 3, 9), date(2026, 3, 2)) == date(2026, 3, 9)
    assert ship_date_of(date(2026, 2, 9), date(2026, 3, 2)) == date(2026, 3, 2)
    assert ship_date_of(None, date(2026, 3, 2)) == date(2026, 3, 2)
    assert by_ship_date([(date(2026, 3, 2), Decimal(1)), (date(2026, 3, 2), Decimal(-1))]) == {}


def test_held_orders_do_not_stand_before_passed_ones_nor_overtake_each_other():
    credit = OpenHold(1, "credit", "credit", ("release",), False)

    def of(order_id, qty, *, is_held):
        one = line(1, qty=qty, price="1", demand=state(qty, allocated=qty))
        return replace(order(one), order_id=order_id, open_holds=(credit,) if is_held else ())

    passed, first, second = of(5, 60, is_held=False), of(3, 50, is_held=True), of(4, 40, is_held=True)
    held = {3: first, 4: second}
    going = {o.order_id: o.lines for o in (passed, first, second)}
    asks = asks_at_release([second, passed, first], going, held)
    assert [(a.doc.id, a.amount, a.already_counted) for a in asks] == [(5, 60, 150), (3, 50, 90), (4, 40, 40)]
    assert [a.doc.id for a in asks_again(held)] == [3, 4]


def test_progress_counts_what_is_claimed_or_gone_and_leaves_out_what_is_cancelled():
    done = progress(1, [state(10, shipped=10), state(10, allocated=4, backordered=6)])
    assert (done.allocation, done.shipment, done.backordered) == ("partial", "partial", 6)
    assert progress(1, []).allocation == "none"
