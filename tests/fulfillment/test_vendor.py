"""Goods a vendor sends to our customer: promised, bought, confirmed, shipped, invoiced, and what goes wrong with them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.commission_sources import sold_lines
from billing.models import Invoice
from core.errors import InvalidInput, NotFound, NotPermitted
from core.models import JournalEntry
from core.testing import drain
from credit.models import CreditAccount, OpenOrderDay
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from fulfillment.models import Return, ReturnLine, Shipment, ShipmentLine, VendorOrder, VendorOrderLine
from fulfillment.rules.asks import PickReport
from fulfillment.rules.returns import Finding
from fulfillment.services.ask_recall import SentByVendor, ask_recall
from fulfillment.services.at_the_door import Proof
from fulfillment.services.confirm_delivery import confirm_delivery
from fulfillment.services.confirm_pick import confirm_pick, confirm_picks
from fulfillment.services.confirm_vendor_order import ConfirmedBefore, confirm_vendor_order
from fulfillment.services.find_shipment import VendorSendsIt
from fulfillment.services.find_vendor_order import VendorIsDone
from fulfillment.services.inspect_return import inspect_return
from fulfillment.services.receive_return import receive_return
from fulfillment.services.refuse_delivery import refuse_delivery
from fulfillment.services.release_orders import release_orders
from fulfillment.services.ship_vendor_order import ship_vendor_order
from fulfillment.services.withdraw_vendor_order import ConfirmedByVendor, withdraw_vendor_order
from fulfillment.states import Disposition
from fulfillment.vendor_queries import bought_for
from inventory.models import Demand, Site, SourcingRule, StockBalance, StockMovement, VendorOffer
from inventory.movement_papers import Source, papers_of
from inventory.queries import promises
from inventory.services.adjust_stock import adjust_stock
from inventory.services.places import NothingOfOursThere
from inventory.services.save_vendor_offer import save_vendor_offer
from orders.models import Hold, Order, OrderLine
from orders.services.cancel import cancel_lines
from tests.factories.catalog import ProductFactory
from tests.factories.flow import PICKER, breaches, placed, released, stocked_world
from tests.factories.inventory import PLANNER, stock
from tests.factories.orders import CLERK, NOW, TODAY, later, make_world
from tests.factories.sheets import applied, previewed
from tests.factories.vendors import COST, asked, offer, selling

pytestmark = pytest.mark.django_db
WHY = "The customer wants it from stock"


def confirm(sent, day=3, *, actor=CLERK, **quantities):
    lines = list(VendorOrderLine.objects.filter(vendor_order__shipment_id=sent.shipment_id).order_by("pk"))
    said = {lines[int(n[1:]) - 1].pk: Decimal(qty) for n, qty in quantities.items()}
    return confirm_vendor_order(
        shipment_id=sent.shipment_id, ship_date=later(day), quantities=said, reference="AC-1", actor=actor, now=NOW
    )


def ship(sent, **quantities):
    lines = list(VendorOrderLine.objects.filter(vendor_order__shipment_id=sent.shipment_id).order_by("pk"))
    said = {lines[int(n[1:]) - 1].pk: Decimal(qty) for n, qty in quantities.items()}
    return ship_vendor_order(
        shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z9", quantities=said, actor=CLERK, now=NOW
    )


def mend(case, code, actor=CLERK):
    apply_resolution(case_id=case.pk, code=code, key="k", actor=actor, now=NOW)
    drain(NOW)


def test_bought_confirmed_sent_invoiced_and_delivered_while_nothing_of_ours_moves():
    sale = selling(products=2)
    sent, order = asked(sale, 4, 2)
    assert (order.site, order.promised_ship_date) == (sale.vendor, later(3))
    assert list(order.lines.order_by("pk").values_list("qty", "unit_cost", "vendor_sku")) == [
        (4, COST, "V-77"), (2, COST, "V-77")
    ]  # fmt: skip
    assert confirm(sent) == "acknowledged"
    assert ship(sent) == "shipped"
    drain(NOW)
    shipment = Shipment.objects.get()
    assert (shipment.status, shipment.tracking_number, shipment.site) == ("shipped", "1Z9", sale.vendor)
    assert Invoice.objects.get().total_amount == 60
    assert list(Demand.objects.order_by("pk").values_list("shipped_qty", flat=True)) == [4, 2]
    assert set(StockMovement.objects.values_list("source_kind", flat=True)) == {"vendor_offer"}
    offer = VendorOffer.objects.select_related("product").earliest("pk")
    [paper] = papers_of([Source("adjust", "vendor_offer", offer.pk)])
    assert paper.words == f"Vendor's offer {offer.product.sku} of {sale.vendor.code}"
    assert (
        list(StockBalance.objects.values_list("on_hand_qty", "picked_qty")) == [(100, 0)] * 2
    )  # to be asked for again
    confirm_delivery(shipment_id=sent.shipment_id, delivered_at=NOW, actor=CLERK, now=NOW)
    assert Shipment.objects.get().status == "delivered"
    assert Case.objects.count() == 0
    assert breaches() == []


def test_what_it_leaves_us_is_counted_at_the_vendor_s_cost():
    sent, _ = asked(selling(), 4)
    (line,) = bought_for([sent.shipment_id])[sent.shipment_id].lines
    assert (line.amount, line.percent) == (Decimal("11.31"), Decimal("28.283"))  # 4 × (10 − 7.1717)


def test_a_commission_s_margin_is_over_what_the_vendor_takes_and_unknown_in_another_currency():
    sent, _ = asked(selling(products=2), 4, 2)
    OrderLine.objects.update(unit_margin=Decimal(9))  # over our standard cost, which nobody paid
    VendorOrderLine.objects.filter(pk=VendorOrderLine.objects.latest("pk").pk).update(currency="EUR")
    ship(sent)
    drain(NOW)
    margins = [x.sale.margin_percent for x in sold_lines([Invoice.objects.get().pk])]
    assert margins == [Decimal("28.28"), None]  # (10 − 7.1717) of 10


def test_no_warehouse_picks_what_a_vendor_sends_and_others_in_the_batch_are_picked():
    sent, _ = asked(selling(rule_sites=("RENO", "ACME")), 4)
    own = stocked_world(stock_qty=5)
    mine = released(own, 3)
    with pytest.raises(VendorSendsIt, match="is sent by a vendor"):
        confirm_pick(shipment_id=sent.shipment_id, picks={}, actor=PICKER, now=NOW)
    outcomes = confirm_picks([PickReport(sent.shipment_id), PickReport(mine.shipment_id)], actor=PICKER, now=NOW)
    assert (type(outcomes[sent.shipment_id]), outcomes[mine.shipment_id]) == (VendorSendsIt, "packed")
    assert Shipment.objects.get(pk=sent.shipment_id).status == "released"
    assert Demand.objects.order_by("pk")[0].released_qty == 4
    assert ship(sent) == "shipped"
    assert breaches() == []


def test_a_vendor_may_send_more_than_it_was_asked_for_within_the_tolerance_and_what_it_offers():
    sale = selling()
    sent, _ = asked(sale, 10)
    with pytest.raises(InvalidInput, match="takes no more"):
        ship(sent, _1=11)
    type(sale.world.account).objects.update(over_ship_percent=20)
    with pytest.raises(InvalidInput, match="takes up to 20 % more, 12"):
        ship(sent, _1=13)
    assert ship(sent, _1=11) == "shipped"
    drain(NOW)
    demand = Demand.objects.get()
    assert (demand.ordered_qty, demand.shipped_qty, Invoice.objects.get().total_amount) == (11, 11, 110)
    assert (CreditAccount.objects.get().receivable_amount, Case.objects.count()) == (110, 0)
    assert StockBalance.objects.get().on_hand_qty == 100  # to be asked for again
    assert breaches() == []


def test_a_vendor_serves_nobody_a_rule_does_not_name_it_for_and_our_own_stock_is_taken_first():
    sale = selling(stock=3, rule_sites=("RENO", "ACME"))
    order_id = placed(sale.world, 3)
    assert Demand.objects.get(ref_id=order_id).claims.get().balance.site.code == "RENO"
    sale.vendor.code = "OTHER"
    sale.vendor.save()
    placed(sale.world, 2)
    assert Demand.objects.order_by("pk").last().backordered_qty == 2


def test_an_order_that_a_gate_refuses_is_bought_of_nobody():
    sale = selling()
    CreditAccount.objects.update(limit_amount=20)
    order_id = placed(sale.world, 3)
    (outcome,) = release_orders(order_ids=[order_id], actor=PICKER, now=NOW)
    assert ([g.gate for g in outcome.refused], VendorOrder.objects.count()) == (["credit"], 0)


def test_a_short_answer_puts_the_rest_back_asks_the_vendor_for_no_more_and_is_a_case():
    sale = selling(products=2)
    sent, _ = asked(sale, 4, 2)
    assert confirm(sent, _1=1, _2=0) == "acknowledged"
    drain(NOW)
    assert list(ShipmentLine.objects.values_list("qty", flat=True)) == [1]
    assert list(Demand.objects.order_by("pk").values_list("released_qty", "backordered_qty")) == [(1, 3), (0, 2)]
    account = CreditAccount.objects.get()
    assert (account.released_amount, sum(d.amount for d in OpenOrderDay.objects.all())) == (10, 50)
    assert VendorOffer.objects.filter(out_since=NOW).count() == 2
    assert list(StockBalance.objects.order_by("pk").values_list("on_hand_qty", flat=True)) == [1, 0]
    cases = list(Case.objects.filter(kind="vendor_short").order_by("pk"))
    assert [c.summary for c in cases] == [
        f"The vendor confirmed {n} less than it was asked for on {Shipment.objects.get().number}" for n in (3, 2)
    ]
    assert breaches() == []
    ship(sent)
    drain(NOW)
    assert Invoice.objects.get().total_amount == 10
    assert breaches() == []


def test_a_short_case_ends_by_our_own_stock_or_by_giving_the_rest_up():
    sale = selling(products=2)
    sent, _ = asked(sale, 4, 2)
    confirm(sent, _1=1, _2=1)
    drain(NOW)
    stock(sale.world.products[0], sale.world.site, 10)
    first, other = Case.objects.filter(kind="vendor_short").order_by("pk")
    mend(first, "own_sites")
    mend(other, "cancel_short")
    rows = Demand.objects.order_by("pk").values_list("allocated_qty", "backordered_qty", "cancelled_qty")
    assert list(rows) == [(3, 0, 0), (0, 0, 1)]
    assert breaches() == []


def test_a_vendor_that_has_nothing_ends_its_order_and_is_asked_again_once_its_offer_is_saved():
    sale = selling()
    sent, _ = asked(sale, 4)
    assert confirm(sent, _1=0) == "cancelled"
    drain(NOW)
    assert Demand.objects.get().backordered_qty == 4
    with pytest.raises(VendorIsDone):
        ship(sent)
    save_vendor_offer(row=VendorOffer.objects.get(), actor=PLANNER, now=NOW)
    drain(NOW)
    assert (Demand.objects.get().allocated_qty, StockBalance.objects.get().on_hand_qty) == (4, 100)
    assert breaches() == []


def test_a_late_answer_moves_the_promise_tells_why_and_its_case_waits_or_takes_it_back():
    sale = selling()
    sent, _ = asked(sale, 4)
    (before,) = promises([Demand.objects.get().pk])[Demand.objects.get().pk]
    assert before.delivery_date == later(5)
    confirm(sent, day=9)
    drain(NOW)
    (now_,) = promises([Demand.objects.get().pk])[Demand.objects.get().pk]
    assert (now_.ship_date, now_.delivery_date, now_.first_delivery_date) == (later(9), later(11), later(5))
    assert now_.slip_cause == "the vendor sends it on 11 Mar 2026"
    case = Case.objects.get(kind="vendor_late")
    assert case.summary == f"The vendor sends {Shipment.objects.get().number} on 11 Mar 2026, 6 days late"
    assert Case.objects.filter(kind="promise_moved").count() == 1
    stock(sale.world.products[0], sale.world.site, 10)
    mend(case, "take_back")
    assert Shipment.objects.get().status == "cancelled"
    claim = Demand.objects.get().claims.get(state="open")
    assert (claim.balance.site.code, claim.kind, claim.qty) == ("RENO", "hard", 4)
    assert Hold.objects.count() == 0
    assert breaches() == []


def test_until_the_vendor_confirms_an_order_is_withdrawn_and_can_be_cancelled():
    sale = selling()
    sent, order = asked(sale, 4)
    withdraw_vendor_order(shipment_id=sent.shipment_id, why=WHY, actor=CLERK, now=NOW)
    assert Shipment.objects.get().status == "cancelled"
    assert (Demand.objects.get().allocated_qty, CreditAccount.objects.get().released_amount) == (4, 0)
    assert Hold.objects.get().explanation["outcome"] == f"Taken back from the vendor: {WHY}"
    cancel_lines(order_id=sent.order_id, quantities={1: None}, reason="Not wanted", actor=CLERK, now=NOW)
    drain(NOW)
    assert (Demand.objects.get().cancelled_qty, StockBalance.objects.get().allocated_qty) == (4, 0)
    order.refresh_from_db()
    assert order.withdrawn_why == WHY
    assert breaches() == []


def test_a_confirmed_order_is_withdrawn_with_the_vendor_s_word_only():
    sent, _ = asked(selling(), 4)
    confirm(sent)
    with pytest.raises(ConfirmedByVendor):
        withdraw_vendor_order(shipment_id=sent.shipment_id, why=WHY, actor=CLERK, now=NOW)
    assert Shipment.objects.get().status == "acknowledged"
    withdraw_vendor_order(shipment_id=sent.shipment_id, why=WHY, vendor_agrees=True, actor=CLERK, now=NOW)
    drain(NOW)
    assert Shipment.objects.get().status == "cancelled"
    assert breaches() == []


def test_less_may_be_sent_than_was_confirmed():
    sent, _ = asked(selling(), 4)
    confirm(sent)
    ship(sent, _1=3)
    drain(NOW)
    demand = Demand.objects.get()
    assert (demand.shipped_qty, demand.backordered_qty, Invoice.objects.get().total_amount) == (3, 1, 30)
    (case,) = Case.objects.exclude(kind="promise_moved").exclude(kind="promise_lost")
    number = Shipment.objects.get().number
    assert (case.kind, case.summary) == ("vendor_short", f"The vendor sent 1 less than it was asked for on {number}")
    summaries = JournalEntry.objects.filter(subject_kind="shipment", verb="sent by the vendor short")
    assert summaries.get().summary == f"Shipment {number} sent by the vendor: 1 line short"
    assert set(StockBalance.objects.values_list("status", flat=True)) == {"available"}  # nothing is set aside to count
    assert breaches() == []


def test_answers_that_make_no_sense_are_refused_and_nothing_changes():
    sale = selling()
    sent, order = asked(sale, 4)
    for quantities in ({"_1": 5}, {"_1": -1}):
        with pytest.raises(InvalidInput):
            confirm(sent, **quantities)
    with pytest.raises(InvalidInput, match="is over"):
        confirm(sent, day=-1)
    with pytest.raises(NotPermitted):
        confirm(sent, actor=PICKER)
    with pytest.raises(InvalidInput, match="tracking number"):
        ship_vendor_order(shipment_id=sent.shipment_id, tracking_number=" ", actor=CLERK, now=NOW)
    with pytest.raises(SentByVendor):
        ask_recall(shipment_id=sent.shipment_id, note="The wrong address", actor=CLERK, now=NOW)
    order.refresh_from_db()
    assert (order.confirmed_at, Demand.objects.get().released_qty) == (None, 4)
    confirm(sent)
    with pytest.raises(ConfirmedBefore):
        confirm(sent)
    with pytest.raises(NotFound):
        ship_vendor_order(shipment_id=0, tracking_number="1Z9", actor=CLERK, now=NOW)


def test_what_day_it_is_the_vendor_s_clock_says():
    sale = selling()
    sale.vendor.time_zone = "America/Los_Angeles"
    sale.vendor.save()
    sent, _ = asked(sale, 4)
    evening = NOW.replace(hour=2) + timedelta(days=1)  # tomorrow by UTC, still today where the vendor is
    said = confirm_vendor_order(
        shipment_id=sent.shipment_id, ship_date=TODAY, quantities={}, reference="", actor=CLERK, now=evening
    )
    assert said == "acknowledged"


def test_an_offer_belongs_to_a_vendor_s_site_and_to_a_product_nobody_must_trace():
    sale = selling()
    with pytest.raises(InvalidInput, match="site of kind vendor"):
        offer(sale.world.products[0], sale.world.site)
    with pytest.raises(InvalidInput, match="tracked by lot"):
        offer(ProductFactory(tracking="lot"), sale.vendor)
    assert VendorOffer.objects.count() == 1


def test_a_lowered_offer_keeps_what_is_on_order_and_offers_no_more():
    sale = selling()
    sent, _ = asked(sale, 40)
    row = VendorOffer.objects.get()
    row.most_qty = Decimal(10)
    save_vendor_offer(row=row, actor=PLANNER, now=NOW)
    assert StockBalance.objects.get().on_hand_qty == 40
    placed(sale.world, 1)
    assert Demand.objects.order_by("pk").last().backordered_qty == 1
    ship(sent)
    drain(NOW)
    assert (StockBalance.objects.get().on_hand_qty, Demand.objects.order_by("pk").last().allocated_qty) == (10, 0)
    assert breaches() == []


def test_offers_come_in_as_a_sheet_and_who_waits_is_served_from_them_at_once():
    """Whatever the capitals of the vendor's code."""
    world = make_world(products=2, stock=None)
    SourcingRule.objects.create(name="Bought to order", sites=["Acme"])
    Site.objects.create(code="Acme", name="Acme Instruments", kind="vendor", lead_days=3, transit_days=2)
    order_id = placed(world, 4, 2)
    assert list(Demand.objects.order_by("pk").values_list("backordered_qty", flat=True)) == [4, 2]
    first, second = (p.sku for p in world.products)
    head = "vendor,sku,vendor's number,cost,at most\n"
    tracked = ProductFactory(tracking="lot").sku
    bad = previewed("vendor_offers", f"{head}ACME,{tracked},,5,9\nRENO,{first},,5,9\nACME,{first},,-1,9\n")
    assert bad.counts == {"error": 3}
    applied("vendor_offers", f"{head}ACME,{first},V-1,7.1717,30\nACME,{second},V-2,5,9\n")
    drain(NOW)
    assert list(StockBalance.objects.order_by("product").values_list("on_hand_qty", flat=True)) == [30, 9]
    assert list(Demand.objects.order_by("pk").values_list("allocated_qty", flat=True)) == [4, 2]
    VendorOffer.objects.update(out_since=NOW)
    applied("vendor_offers", f"{head}acme,{first},V-1,6,50\n")
    again = VendorOffer.objects.get(product=world.products[0])
    assert (again.unit_cost, again.out_since, again.balance.on_hand_qty) == (6, None, 50)
    assert VendorOffer.objects.get(product=world.products[1]).out_since == NOW
    assert Order.objects.get(pk=order_id).status == "submitted"
    assert breaches() == []


def test_two_offers_and_forty_are_released_with_the_same_statements(django_assert_max_num_queries):
    sale = selling()
    ids = [placed(sale.world, 1) for _ in range(6)]
    with django_assert_max_num_queries(90) as few:
        release_orders(order_ids=ids[:1], actor=PICKER, now=NOW)
    with django_assert_max_num_queries(len(few)):
        release_orders(order_ids=ids[1:], actor=PICKER, now=NOW + timedelta(seconds=1))
    assert VendorOrder.objects.count() == 6


def test_nothing_is_promised_for_today():
    """Three business days with the vendor, two on the way."""
    sent, _ = asked(selling(), 1)
    (slice_,) = promises([Demand.objects.get(ref_id=sent.order_id).pk])[Demand.objects.get().pk]
    assert (slice_.kind, slice_.ship_date, slice_.delivery_date) == (
        "stock",
        TODAY + timedelta(3),
        TODAY + timedelta(5),
    )


def test_what_comes_back_comes_to_us():
    sale = selling()
    own = Site.objects.get(code="RENO")
    sent, _ = asked(sale, 4)
    ship(sent)
    drain(NOW)
    refuse_delivery(shipment_id=sent.shipment_id, at=NOW, proof_of=Proof(note="Not ordered"), actor=CLERK, now=NOW)
    back = Return.objects.get()
    assert (back.site, back.status) == (own, "in_transit")
    line = ReturnLine.objects.get().pk
    receive_return(return_id=back.pk, quantities={line: Decimal(4)}, actor=PICKER, now=NOW)
    findings = [Finding(line, Decimal(4), Disposition.RESTOCK)]
    inspect_return(return_id=back.pk, findings=findings, actor=PICKER, now=NOW)
    drain(NOW)
    assert StockBalance.objects.get(site=own).on_hand_qty == 4
    assert breaches() == []


def test_nothing_of_ours_is_received_or_corrected_at_a_vendor_s_site():
    sale = selling()
    with pytest.raises(NothingOfOursThere):
        stock(sale.world.products[0], sale.vendor, 5)
    with pytest.raises(NothingOfOursThere):
        adjust_stock(balance_id=StockBalance.objects.get().pk, qty=Decimal(1), reason="found", actor=PLANNER, now=NOW)
    assert StockBalance.objects.get().on_hand_qty == 100


def test_the_checker_finds_stock_and_shipments_of_a_vendor_that_nobody_bought():
    sale = selling()
    asked(sale, 4)
    assert breaches() == []
    VendorOrderLine.objects.all().delete()
    VendorOrder.objects.all().delete()
    VendorOffer.objects.update(most_qty=200)
    found = breaches()
    assert [f.split(":")[0] for f in found] == [
        "a vendor sends what was bought of it", "a vendor's site holds its offers, nothing of ours"
    ]  # fmt: skip
    assert f"{Shipment.objects.get().number}: 0 of its 1 lines are on no vendor order" in found[0]


def test_a_late_vendor_is_waited_for_from_its_case_and_nothing_moves():
    sale = selling()
    sent, _ = asked(sale, 4)
    confirm(sent, day=9)
    drain(NOW)
    case = Case.objects.get(kind="vendor_late")
    assert (case.evidence["days_late"], case.severity) == (6, "critical")
    mend(case, "wait")
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("resolved", "wait")
    assert Shipment.objects.get().status != "cancelled"


def test_the_case_of_a_late_vendor_ends_by_itself_when_it_sends():
    sale = selling()
    sent, _ = asked(sale, 4)
    confirm(sent, day=9)
    drain(NOW)
    assert detect_all(now=NOW, only="vendor_late")[0].closed == 0
    ship(sent)
    assert detect_all(now=NOW, only="vendor_late")[0].closed == 1
    assert Case.objects.get(kind="vendor_late").status == "auto_resolved"
