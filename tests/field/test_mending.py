"""One click mends a case about stock in the field, through the same services as everybody."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice
from core.actors import Actor
from core.errors import InvalidInput, NotPermitted
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from fulfillment.services.record_usage import outcome_of
from inventory.models import CountLine, FillUp, ParLevel, StockBalance, StockCount, TransferDispute, TransferOffer
from inventory.rules.field import Stated
from inventory.services.acknowledge_transfer import acknowledge_transfer
from inventory.services.adjust_stock import adjust_stock
from inventory.services.open_count import open_count
from inventory.services.post_count import post_count
from inventory.services.push_expiring import push_expiring
from inventory.services.record_counts import record_counts
from tests.factories.catalog import ProductFactory
from tests.factories.exceptions import ends_by_itself
from tests.factories.field import make_field, use
from tests.factories.inventory import NOW, PLANNER, breaches, stock
from tests.factories.pricing import PriceRowFactory
from tests.factories.stock import live_cases, on_hand, shipped

pytestmark = pytest.mark.django_db
CARE = Actor("Cora", roles=frozenset({"cs"}))
DOCK = Actor("Walt", roles=frozenset({"warehouse"}))


def mend(kind, code, actor, key="click"):
    (case,) = live_cases(kind)
    apply_resolution(case_id=case.pk, code=code, actor=actor, now=NOW, key=key)
    assert live_cases(kind) == []
    return Case.objects.get(pk=case.pk)


def offered(kind):
    (case,) = live_cases(kind)
    return {s.code: s.effect for s in suggested(case_snapshots([case.pk])[case.pk], now=NOW)}


def disputed(stated=3):
    made = make_field(trunk=0)
    stock(made.product, made.world.site, 9)
    transfer_id, line_id = shipped(made.product, made.world.site, made.trunk, 4)
    acknowledge_transfer(transfer_id=transfer_id, stated={line_id: Stated(Decimal(stated))}, actor=made.actor, now=NOW)
    return made


@pytest.mark.parametrize(("code", "actor", "trunk", "center"), [("sender", CARE, 4, 5), ("receiver", DOCK, 3, 6)])
def test_the_side_that_gives_way_ends_a_dispute_with_a_click(code, actor, trunk, center):
    made = disputed()
    with pytest.raises(NotPermitted):
        mend("fill_up_disputed", code, DOCK if actor is CARE else CARE)
    mend("fill_up_disputed", code, actor)
    assert TransferDispute.objects.get().outcome == code
    assert (on_hand(made.product, made.trunk), on_hand(made.product, made.world.site)) == (trunk, center)
    assert breaches() == []


def test_a_count_may_decide_and_a_surplus_is_the_senders_alone_to_agree_to():
    made = disputed(stated=5)
    effects = offered("fill_up_disputed")
    assert effects["sender"].is_possible is False
    assert effects["receiver"].is_possible
    mend("fill_up_disputed", "count", CARE)
    assert StockCount.objects.get().site == made.trunk


def variance():
    """Two of five are missing in the trunk."""
    made = make_field(trunk=5)
    count_id = open_count(site_id=made.trunk.pk, product_ids=[made.product.pk], key="k", actor=PLANNER, now=NOW)
    line = CountLine.objects.get(count=count_id)
    record_counts(count_id=count_id, counted={line.pk: Decimal(3)}, actor=made.actor, now=NOW)
    post_count(count_id=count_id, actor=PLANNER, now=NOW)
    drain(NOW)
    return made


def test_what_a_count_did_not_find_is_counted_again_or_filled_up():
    made = variance()
    ParLevel.objects.create(site=made.trunk, product=made.product, par_qty=5)
    mend("consignment_variance", "count_again", CARE)
    assert list(StockCount.objects.order_by("id").values_list("status", flat=True)) == ["posted", "open"]
    assert FillUp.objects.count() == 0


def test_a_site_whose_count_was_short_is_filled_up_to_par():
    made = variance()
    ParLevel.objects.create(site=made.trunk, product=made.product, par_qty=5)
    mend("consignment_variance", "fill_up", PLANNER)
    line = FillUp.objects.get().lines.get()
    assert (line.product_id, line.demand.ordered_qty) == (made.product.pk, 2)


def test_what_expires_in_a_trunk_is_offered_to_a_center():
    made = make_field(trunk=0)
    lots = ProductFactory(sku="LOTS", tracking="lot")
    stock(lots, made.trunk, 3, lot="A", expiry=NOW.date() + timedelta(days=40))
    push_expiring(actor=PLANNER, now=NOW)
    assert "3 of lot A are offered" in offered("field_expiry")["bring_back"].text
    mend("field_expiry", "bring_back", CARE)
    offer = TransferOffer.objects.get()
    assert (offer.from_site, offer.to_site, offer.lines.get().qty) == (made.trunk, made.world.site, 3)
    assert on_hand(lots, made.trunk) == 3  # nothing moves before the center accepts


def test_a_usage_is_billed_from_its_case_once_there_is_a_price():
    made = make_field()
    made.world.rows[0].delete()
    usage = use(made, 2)
    with pytest.raises(InvalidInput, match="Nothing prices"):
        mend("usage_unbilled", "bill", PLANNER)
    assert Case.objects.get(kind="usage_unbilled").status == "open"
    PriceRowFactory(source=made.world.source, product=made.product)
    assert mend("usage_unbilled", "bill", PLANNER, key="again").status == "auto_resolved"
    assert outcome_of(usage.usage_id).status == "billed"


def test_a_usage_is_invoiced_without_its_purchase_order_from_its_case():
    made = make_field(po_number_required=True)
    use(made, 1, is_po_to_follow=True)
    drain(NOW)
    lead = Actor("Lea", roles=frozenset({"cs", "cs_lead"}))
    assert mend("usage_without_po", "clear_hold", lead).status in ("resolved", "auto_resolved")
    drain(NOW)
    assert Invoice.objects.get().order.po_number == ""


def test_a_lot_that_was_to_expire_and_left_the_trunk_is_no_case_any_more():
    made = make_field(trunk=0)
    lots = ProductFactory(sku="LOTS", tracking="lot")
    for site in (made.trunk, made.world.site):
        stock(lots, site, 3, lot="A", expiry=NOW.date() + timedelta(days=40))
    push_expiring(actor=PLANNER, now=NOW)
    balance = StockBalance.objects.get(site=made.trunk, lot__code="A")
    adjust_stock(balance_id=balance.pk, qty=Decimal(-2), reason="shown to a surgeon", actor=PLANNER, now=NOW)
    assert detect_all(now=NOW, only="field_expiry")[0].closed == 0
    adjust_stock(balance_id=balance.pk, qty=Decimal(-1), reason="shown to a surgeon", actor=PLANNER, now=NOW)
    assert detect_all(now=NOW, only="field_expiry")[0].closed == 1
    assert live_cases("field_expiry") == []


def test_a_variance_is_over_once_what_was_missing_is_found_again_and_so_is_what_found_it():
    made = variance()
    assert not ends_by_itself("consignment_variance", NOW)
    for key, found, over in (("k2", 4, False), ("k3", 5, True)):
        count_id = open_count(site_id=made.trunk.pk, product_ids=[made.product.pk], key=key, actor=PLANNER, now=NOW)
        line = CountLine.objects.get(count=count_id)
        record_counts(count_id=count_id, counted={line.pk: Decimal(found)}, actor=made.actor, now=NOW)
        post_count(count_id=count_id, actor=PLANNER, now=NOW)
        detect_all(now=NOW, only="consignment_variance")
        first, *later = Case.objects.filter(kind="consignment_variance").order_by("pk")
        assert (first.status == "auto_resolved") is over
        assert {case.status for case in later} == {"auto_resolved"}


def test_a_variance_is_over_once_a_late_usage_explains_all_of_it():
    made = variance()
    for hours, over in ((2, False), (1, True)):
        used_at = NOW - timedelta(hours=hours)
        assert use(made, 1, used_at=used_at, now=NOW + timedelta(hours=1)).status == "billed"
        assert ends_by_itself("consignment_variance", NOW + timedelta(hours=1)) is over
