"""Units with serial numbers: one place each, from the receipt to the customer and back."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.states import Role
from catalog.states import Tracking
from core import writers
from core.refs import DocumentRef
from core.testing import unit
from inventory.models import Lot, Serial, StockBalance, StockMovement
from inventory.rules.asks import ReceiptLine
from inventory.scan_queries import scan_stock, serials_where
from inventory.services.adjust_stock import adjust_stock
from inventory.services.allocate import allocate
from inventory.services.confirm_picked import confirm_picked
from inventory.services.confirm_shipped import confirm_shipped
from inventory.services.receive_stock import receive_many
from inventory.services.release_claims import release_claims
from inventory.services.return_to_stock import Returned, return_to_stock
from inventory.services.scrap_stock import scrap_stock
from inventory.services.serials import SerialIsElsewhere, SerialsMissing
from inventory.states import SiteKind
from tests.factories.accounts import StaffFactory
from tests.factories.doors import browser_of
from tests.factories.inventory import NOW, PLANNER, TODAY, SiteFactory, StockedProductFactory, breaches, demand, stock
from tests.factories.stock import arrive, on_hand, shipped

pytestmark = pytest.mark.django_db
GTIN = "04012345123456"


@pytest.fixture
def pump():
    return StockedProductFactory(sku="PUMP", tracking=Tracking.SERIAL, gtin=GTIN)


def where(code):
    found = serials_where([Serial.objects.get(code=code).pk])
    (only,) = found.values()
    return only


def test_a_serial_tracked_product_is_received_unit_by_unit_with_its_numbers(pump):
    site = SiteFactory()
    for wrong in ({"qty": 1, "lot": ""}, {"qty": 2, "lot": "S1"}):
        with pytest.raises(SerialsMissing) as refused:
            stock(pump, site, wrong["qty"], lot=wrong["lot"])
        assert "Scan every unit" in refused.value.remedy
    assert not Lot.objects.exists()
    source = DocumentRef("receipt", 7)
    lines = [ReceiptLine(pump.pk, site.pk, Decimal(1), source, f"S{n}") for n in range(3)]
    for _ in range(2):
        receive_many(lines, actor=PLANNER, now=NOW)
    assert sorted(Serial.objects.values_list("code", flat=True)) == ["S0", "S1", "S2"]
    assert on_hand(pump) == 3
    assert breaches() == []


def test_a_number_is_received_once_in_its_life(pump):
    site, other = SiteFactory(), SiteFactory()
    balance_id = stock(pump, site, 1, lot="S1")
    with pytest.raises(SerialIsElsewhere) as refused:
        stock(pump, other, 1, lot="S1")
    assert refused.value.data["where"] == "it is in stock"
    scrap_stock(balance_id=balance_id, qty=Decimal(1), reason="burnt out", key=1, actor=PLANNER, now=NOW)
    with pytest.raises(SerialIsElsewhere, match="it was scrapped"):
        stock(pump, other, 1, lot="S1")
    assert StockMovement.objects.filter(kind="receipt").count() == 1


def test_nothing_makes_two_of_one_unit(pump):
    balance_id = stock(pump, SiteFactory(), 1, lot="S1")
    with pytest.raises(SerialIsElsewhere):
        adjust_stock(balance_id=balance_id, qty=Decimal(1), reason="found another", actor=PLANNER, now=NOW)
    part = Returned(pump.pk, SiteFactory().pk, Decimal(1), 1, lot_id=Lot.objects.get().pk)
    with unit(), pytest.raises(SerialIsElsewhere):
        return_to_stock([part], source=DocumentRef("return", 1), actor=PLANNER, now=NOW)
    assert StockBalance.objects.get(pk=balance_id).on_hand_qty == 1


def test_a_unit_is_followed_from_the_shelf_to_the_customer_and_back(pump):
    site, trunk = SiteFactory(), SiteFactory(kind=SiteKind.TRUNK)
    stock(pump, site, 1, lot="S1")
    assert (where("S1").state, where("S1").site) == ("in stock", site.code)
    wanted = demand(pump, 1)
    allocate(trigger_key="a", product_ids=[pump.pk], actor=PLANNER, now=NOW)
    assert (where("S1").state, where("S1").document.kind) == ("promised", "order")
    with unit():
        (claim,) = release_claims([wanted], now=NOW)[wanted]
    assert where("S1").state == "released"
    with unit():
        confirm_picked({claim.claim_id: Decimal(1)}, now=NOW, actor=PLANNER)
        assert where("S1").state == "picked"
        confirm_shipped([claim.claim_id], source=DocumentRef("shipment", 5), now=NOW, actor=PLANNER)
    assert (where("S1").state, where("S1").document) == ("shipped", DocumentRef("shipment", 5))
    with pytest.raises(SerialIsElsewhere, match="it was shipped"):
        stock(pump, site, 1, lot="S1")
    part = Returned(pump.pk, site.pk, Decimal(1), 1, lot_id=Lot.objects.get().pk)
    with unit():
        return_to_stock([part], source=DocumentRef("return", 1), actor=PLANNER, now=NOW)
    assert where("S1").state == "in stock"
    transfer_id, line = shipped(pump, site, trunk, 1, lot="s1")
    assert (where("S1").state, where("S1").document.kind) == ("in transit", "transfer")
    arrive(transfer_id, {line: (1, 0)})
    assert (where("S1").state, where("S1").site) == ("in a trunk", trunk.code)
    assert breaches() == []


def test_scanning_a_udi_gives_product_and_unit_and_an_unknown_code_says_so(pump):
    site = SiteFactory()
    stock(pump, site, 1, lot="S1")
    lotted = StockedProductFactory(sku="GEL", tracking=Tracking.LOT, gtin="04012345123463")
    stock(lotted, site, 4, lot="L9", expiry=TODAY + timedelta(days=90))
    codes = [
        f"(01){GTIN}(21)S1", f"(01){GTIN}(21)S9", f"(01){GTIN}", "(01)04012345123463(10)L9", "(01)04012345123463(10)XX",
        "4012345123456789", "(01)04012345123470(10)L9",
    ]  # fmt: skip
    unit_, lost, bare, lot, no_lot, nonsense, unknown = scan_stock(codes)
    assert (unit_.sku, unit_.serial, unit_.lot_id) == ("PUMP", "S1", Serial.objects.get().pk)
    assert [(h.site, h.on_hand) for h in lot.holdings] == [(site.code, 4)]
    assert (lost.refusal, bare.refusal, no_lot.refusal) == ("unknown_serial", "no_serial", "unknown_lot")
    assert unknown.refusal == "unknown_gtin"
    assert all(s.problem and s.remedy for s in (lost, bare, no_lot, nonsense, unknown))


def test_the_list_page_and_scan_of_units_show_where_they_are(pump, django_assert_max_num_queries):
    auditor = browser_of(StaffFactory(roles=[Role.AUDITOR]))
    site = SiteFactory(code="EAST")
    for n in range(5):
        stock(pump, site, 1, lot=f"S{n}")
    url = reverse("admin:inventory_serial_changelist")
    auditor.get(url)
    with django_assert_max_num_queries(25):
        text = auditor.get(url, {"q": "S3"}).content.decode()
    assert "in stock at EAST" in text and "S4" not in text
    serial = Serial.objects.get(code="S3")
    assert (
        "in stock at EAST" in auditor.get(reverse("admin:inventory_serial_change", args=[serial.pk])).content.decode()
    )
    scan_url = reverse("admin:inventory_serial_scan")
    text = auditor.get(scan_url, {"codes": f"(01){GTIN}(21)S3\n12345"}).content.decode()
    assert "1 available at EAST" in text and "Scan it again" in text


def test_the_checker_names_units_without_numbers_and_numbers_in_two_places(pump):
    site = SiteFactory()
    balance_id = stock(pump, site, 1, lot="S1")
    with writers.by_hand("stock"):
        StockBalance.objects.filter(pk=balance_id).update(on_hand_qty=2)
    assert any(b.startswith("a serial number is in one place at most: serial number S1") for b in breaches())
    Serial.objects.update(is_serial=False)
    assert any("2.0000 on hand without serial numbers" in b for b in breaches())
