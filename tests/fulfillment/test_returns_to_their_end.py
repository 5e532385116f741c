"""Goods come back: authorized, received, inspected by lot, in stock again or not, replaced. Never what was not theirs."""

from datetime import date
from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.lifecycle import IllegalTransition
from core.testing import drain, race
from exceptions_app.models import Case
from fulfillment.models import Return, ReturnLine, ReturnPart, ShipmentLine
from fulfillment.return_queries import credit_basis, returns_of
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.rules.returns import Finding
from fulfillment.services.authorize_return import authorize_return, reject_return
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.move_return import close_return, report_in_transit
from fulfillment.services.receive_return import receive_return
from fulfillment.services.replace_return import replace_return
from fulfillment.services.request_returns import request_returns
from fulfillment.states import Disposition, ReturnOutcome, ReturnStatus
from inventory.models import StockBalance, StockMovement
from orders.models import Hold, Order, OrderLine
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import AmendmentRefused, amend
from pricing.models import PriceRow
from tests.factories.exceptions import ends_by_itself
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world
from tests.factories.inventory import stock
from tests.factories.orders import make_world

D = Decimal


def asked_back(world, line_id: int, qty: int = 8, name: str = "R-1") -> Return:
    spec = ReturnSpec(world.account.pk, name, "changed their mind", (ReturnLineSpec(line_id, D(qty)),))
    (answer,) = request_returns([spec], actor=PICKER, now=NOW)
    return Return.objects.get(pk=answer.return_id)


def sold(world, qty: int = 8) -> int:
    """An order line of which everything is with the customer."""
    return OrderLine.objects.get(order_id=shipped(world, qty).order_id).pk


def line_of(back: Return) -> int:
    return ReturnLine.objects.get(parent=back).pk


def in_our_hands(world, line_id: int, qty: int = 8, **terms) -> Return:
    back = asked_back(world, line_id, qty)
    authorize_return(return_id=back.pk, actor=PICKER, now=NOW, **terms)
    receive_return(return_id=back.pk, quantities={line_of(back): D(qty)}, actor=PICKER, now=NOW)
    return back


def judged(back: Return, *findings: tuple[int, Disposition] | tuple[int, Disposition, str]) -> ReturnStatus:
    said = [Finding(line_of(back), D(f[0]), f[1], *f[2:]) for f in findings]
    return inspect_return(return_id=back.pk, findings=said, actor=PICKER, now=NOW)


def on_hand(world) -> dict[str, Decimal]:
    rows = StockBalance.objects.filter(product=world.products[0], on_hand_qty__gt=0)
    return {b.status: b.on_hand_qty for b in rows}


@pytest.mark.django_db
def test_of_8_that_came_back_each_unit_goes_where_the_inspector_says():
    world = stocked_world()
    line_id = sold(world)
    back = in_our_hands(world, line_id)
    assert on_hand(world) == {"available": 92}  # nothing is in stock before somebody looked
    status = judged(
        back,
        (3, Disposition.RESTOCK),
        (1, Disposition.QUARANTINE),
        (1, Disposition.SCRAP),
        (1, Disposition.TO_VENDOR),
        (1, Disposition.TO_CUSTOMER),
        (1, Disposition.MISSING),
    )
    assert status == ReturnStatus.DISPOSITIONED
    assert on_hand(world) == {"available": 95, "quality": 1, "damaged": 1}
    assert [b.qty for b in credit_basis(back.pk)] == [6]
    assert ShipmentLine.objects.get(order_line=line_id).returned_qty == 6
    scrapped = StockMovement.objects.filter(source_kind="return", kind="scrap")
    assert [m.qty for m in scrapped] == [-1]
    assert breaches() == []


@pytest.mark.django_db
def test_an_inspection_may_be_done_in_parts_and_credits_only_when_all_was_looked_at():
    world = stocked_world()
    back = in_our_hands(world, sold(world))
    assert judged(back, (3, Disposition.RESTOCK)) == ReturnStatus.INSPECTED
    assert judged(back, (2, Disposition.RESTOCK)) == ReturnStatus.INSPECTED
    assert judged(back, (3, Disposition.SCRAP)) == ReturnStatus.DISPOSITIONED
    with pytest.raises(InvalidInput) as refused:
        judged(back, (1, Disposition.RESTOCK))
    assert refused.value.errors[0].code == "unknown_line"
    assert sum(p.qty for p in ReturnPart.objects.all()) == 8


@pytest.mark.django_db
def test_only_a_lot_that_was_shipped_to_them_comes_back():
    world = make_world(products=1, stock=None, limit=10_000)
    product = world.products[0]
    stock(product, world.site, 5, lot="L-NEW", expiry=date(2029, 1, 31))
    stock(product, world.site, 5, lot="L-OLD", expiry=date(2028, 1, 31))
    line_id = sold(world, 7)  # 5 of the old lot, 2 of the new
    back = in_our_hands(world, line_id, 7)
    with pytest.raises(InvalidInput) as refused:
        judged(back, (3, Disposition.RESTOCK, "L-NEW"), (1, Disposition.RESTOCK, "L-X"), (1, Disposition.RESTOCK))
    assert [e.code for e in refused.value.errors] == ["not_shipped_to_them", "not_shipped_to_them", "lot_missing"]
    assert "With the customer are L-NEW, L-OLD." in refused.value.errors[1].remedy
    assert not ReturnPart.objects.exists()
    judged(back, (2, Disposition.RESTOCK, "l-new"), (5, Disposition.RESTOCK, "L-OLD"))
    lots = StockBalance.objects.filter(product=product).values_list("lot__code", "on_hand_qty")
    assert dict(lots) == {"L-NEW": 5, "L-OLD": 5}
    assert breaches() == []


@pytest.mark.django_db
def test_what_came_beyond_what_was_authorized_is_a_case_and_no_stock():
    world = stocked_world()
    back = asked_back(world, sold(world))
    line = line_of(back)
    authorize_return(return_id=back.pk, quantities={line: D(5)}, actor=PICKER, now=NOW)
    assert receive_return(return_id=back.pk, quantities={line: D(8)}, actor=PICKER, now=NOW) == 3
    case = Case.objects.get(kind="unmatched_return")
    assert (case.subject_number, case.account_id) == (back.number, world.account.pk)
    with pytest.raises(InvalidInput) as refused:
        judged(back, (6, Disposition.RESTOCK))
    assert refused.value.errors[0].message == f"{world.products[0].sku}: 6 inspected, 5 wait for it."


@pytest.mark.django_db
def test_more_than_5_of_8_authorized_can_be_asked_for_again():
    world = stocked_world()
    line_id = sold(world)
    back = asked_back(world, line_id)
    authorize_return(return_id=back.pk, quantities={line_of(back): D(5)}, actor=PICKER, now=NOW)
    assert asked_back(world, line_id, 3, "R-2").status == "requested"
    with pytest.raises(InvalidInput):
        asked_back(world, line_id, 1, "R-3")


@pytest.mark.django_db
def test_bad_terms_are_all_named_at_once():
    world = stocked_world()
    back = asked_back(world, sold(world))
    with pytest.raises(InvalidInput) as refused:
        authorize_return(
            return_id=back.pk,
            quantities={line_of(back): D(9)},
            site_id=999_999,
            fee_percent=D(120),
            actor=PICKER,
            now=NOW,
        )
    assert sorted(e.code for e in refused.value.errors) == ["more_than_asked", "not_a_share", "site_missing"]
    with pytest.raises(InvalidInput):
        reject_return(return_id=back.pk, reason=" no ", actor=PICKER, now=NOW)
    back.refresh_from_db()
    assert back.status == "requested"


@pytest.mark.django_db
def test_steps_out_of_turn_are_refused_and_a_parcel_that_never_came_is_closed():
    world = stocked_world()
    back = asked_back(world, sold(world))
    with pytest.raises(IllegalTransition):
        receive_return(return_id=back.pk, quantities={line_of(back): D(1)}, actor=PICKER, now=NOW)
    authorize_return(return_id=back.pk, actor=PICKER, now=NOW)
    report_in_transit(return_id=back.pk, carrier="UPS", tracking_number="1Z9", actor=PICKER, now=NOW)
    with pytest.raises(IllegalTransition):
        reject_return(return_id=back.pk, reason="too late now", actor=PICKER, now=NOW)
    close_return(return_id=back.pk, reason="it never came", actor=PICKER, now=NOW)
    back.refresh_from_db()
    assert (back.status, back.tracking_number) == ("closed", "1Z9")
    (seen,) = returns_of([ReturnLine.objects.get(parent=back).order_line_id])
    assert (seen.number, seen.authorized, seen.received) == (back.number, 8, 0)


@pytest.mark.django_db
def test_an_advance_replacement_is_ordered_when_the_return_is_authorized_and_only_once():
    world = stocked_world()
    line_id = sold(world)
    PriceRow.objects.update(unit_price=14)  # dearer since: an exchange costs nobody anything
    back = asked_back(world, line_id, 3)
    authorize_return(return_id=back.pk, outcome=ReturnOutcome.ADVANCE, actor=PICKER, now=NOW)
    drain(NOW)
    again = Order.objects.get(external_id=f"return:{back.pk}")
    assert again.status == "submitted"
    assert [(x.product_id, x.qty, x.unit_price, x.amount, x.price_basis) for x in again.lines.all()] == [
        (world.products[0].pk, 3, 10, 30, "quote")
    ]
    assert again.lines.get().price_trace["source"] == f"{Order.objects.get(lines__pk=line_id).number} line 1"
    first = Order.objects.get(lines__pk=line_id)
    assert again.ship_to_id == first.ship_to_id
    assert replace_return(return_id=back.pk, actor=PICKER, now=NOW).order_id == again.pk
    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_an_amended_replacement_keeps_the_price_of_the_goods_it_replaces_and_is_raised_no_further():
    world = stocked_world()
    line_id = sold(world)
    PriceRow.objects.update(unit_price=14)
    back = asked_back(world, line_id, 3)
    authorize_return(return_id=back.pk, outcome=ReturnOutcome.ADVANCE, actor=PICKER, now=NOW)
    drain(NOW)
    again = Order.objects.get(external_id=f"return:{back.pk}")

    def amended(*lines):
        version = Order.objects.get(pk=again.pk).version
        wish = Wish(lines)
        return amend(
            order_id=again.pk, wish=wish, expected_version=version, reason="they said so", actor=PICKER, now=NOW
        )

    amended(LineWish(1, D(1)))
    amended(LineWish(1, D(3)))
    line = again.lines.get()
    assert (line.unit_price, line.amount, line.price_basis) == (10, 30, "quote")
    with pytest.raises(AmendmentRefused) as refused:
        amended(LineWish(1, D(5)))
    (error,) = refused.value.errors
    assert (error.pointer, error.code) == ("/lines/0/qty", "agreed_for_less")
    assert error.message == "Line 1: its price of 10.00 was agreed for 3, not for 5."
    assert error.remedy == "Leave the line at 3 and add 2 as a new line, at the price of the day."
    amended(LineWish(qty=D(2), product_id=world.products[0].pk))
    priced = [(x.qty, x.unit_price, x.price_basis) for x in again.lines.order_by("line_no")]
    assert priced == [(3, 10, "quote"), (2, 14, "list")]
    assert breaches() == []


@pytest.mark.django_db
def test_a_replacement_waits_for_the_goods_and_sends_again_what_stays_with_us():
    world = stocked_world()
    back = in_our_hands(world, sold(world), outcome=ReturnOutcome.REPLACEMENT)
    drain(NOW)
    assert not Order.objects.filter(external_id=f"return:{back.pk}").exists()
    judged(back, (5, Disposition.SCRAP), (3, Disposition.TO_CUSTOMER))
    drain(NOW)
    assert [x.qty for x in Order.objects.get(external_id=f"return:{back.pk}").lines.all()] == [5]


@pytest.mark.django_db
def test_an_advance_replacement_over_the_limit_is_held_like_any_order():
    world = stocked_world(limit=100)
    back = asked_back(world, sold(world), 8)  # of which 80.00 are owed
    authorize_return(return_id=back.pk, outcome=ReturnOutcome.ADVANCE, actor=PICKER, now=NOW)
    drain(NOW)
    again = Order.objects.get(external_id=f"return:{back.pk}")
    assert [h.reason for h in Hold.objects.filter(order=again, cleared_at=None)] == ["credit"]


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_inspectors_of_the_same_goods_book_them_once():
    world = stocked_world()
    back = in_our_hands(world, sold(world))
    answers = race(*[lambda: judged(back, (8, Disposition.RESTOCK))] * 2)
    assert sorted(type(a).__name__ for a in answers) == ["InvalidInput", "ReturnStatus"]
    assert on_hand(world) == {"available": 100}
    assert breaches() == []


@pytest.mark.django_db
def test_what_came_beyond_is_no_case_once_a_return_of_its_own_has_received_all_of_it():
    world = stocked_world()
    line_id = sold(world)
    back = asked_back(world, line_id, 5)
    authorize_return(return_id=back.pk, actor=PICKER, now=NOW)
    receive_return(return_id=back.pk, quantities={line_of(back): D(8)}, actor=PICKER, now=NOW)
    for name, qty, over in (("R-2", 2, False), ("R-3", 1, True)):
        more = asked_back(world, line_id, qty, name)
        authorize_return(return_id=more.pk, actor=PICKER, now=NOW)
        assert not ends_by_itself("unmatched_return", NOW)  # it is agreed on, but not matched with what lies there
        receive_return(return_id=more.pk, quantities={line_of(more): D(qty)}, actor=PICKER, now=NOW)
        assert ends_by_itself("unmatched_return", NOW) is over
