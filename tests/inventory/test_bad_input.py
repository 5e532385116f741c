"""What no door of stock takes: each is refused by name, says what mends it, and changes nothing."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Product
from catalog.states import Tracking
from core.errors import DomainError, InvalidInput
from core.refs import DocumentRef
from core.testing import unit
from inventory.models import CountLine, InboundSupply, Lot, Site, StockBalance, StockMovement, Transfer, TransferOffer
from inventory.rules.counts import FoundStock
from inventory.rules.field import Stated
from inventory.rules.transfers import Arrived, TransferLineSpec
from inventory.services.acknowledge_transfer import acknowledge_transfer
from inventory.services.adjust_stock import adjust_stock
from inventory.services.change_stock_status import change_stock_status
from inventory.services.offer_transfer import offer_transfer
from inventory.services.open_count import open_count
from inventory.services.places import LotIsExpired, LotIsRecalled
from inventory.services.receive_stock import NothingReceived, receive_stock
from inventory.services.receive_transfer import receive_transfer
from inventory.services.record_counts import record_counts
from inventory.services.record_inbound import record_inbound
from inventory.services.request_transfer import request_transfer
from inventory.services.return_to_stock import Returned, return_to_stock
from inventory.services.scrap_stock import scrap_stock
from inventory.services.serials import SerialIsOneUnit, SerialsMissing
from inventory.services.ship_transfer import ship_transfer
from inventory.states import SiteKind, StockStatus
from tests.factories.inventory import NOW, PLANNER, TODAY, SiteFactory, StockedProductFactory, breaches, stock
from tests.factories.sheets import applied, outcomes, previewed, problems
from tests.factories.stock import ETA, on_hand, requested, shipped

pytestmark = pytest.mark.django_db
TOO_FINE, HALF = Decimal("0.00001"), Decimal("0.5")
DID = {"actor": PLANNER, "now": NOW}


@dataclass
class World:
    product: Product
    site: Site
    trunk: Site
    balance_id: int

    def refused(self, act, *, kind=InvalidInput):
        """The refusal, when it says what mends it and nothing has moved."""
        before = state()
        with pytest.raises(kind) as told:
            act()
        refusal: DomainError = told.value
        assert all(e.remedy for e in refusal.errors) if isinstance(refusal, InvalidInput) else refusal.remedy
        assert state() == before
        return refusal

    def code(self, act):
        """The one code, and where it is told."""
        (error,) = self.refused(act).errors
        return error.code, error.pointer


def state():
    kinds = (StockMovement, Transfer, TransferOffer, InboundSupply)
    places = sorted(StockBalance.objects.filter(on_hand_qty__gt=0).values_list("id", "on_hand_qty"))
    return places, [kind.objects.count() for kind in kinds], Lot.objects.count()


@pytest.fixture
def world():
    product, site = StockedProductFactory(sku="BOLT"), SiteFactory(code="EAST")
    return World(product, site, SiteFactory(code="VAN", kind=SiteKind.TRUNK), stock(product, site, 10))


@pytest.fixture
def pump(world):
    """One unit with a serial number, S1, at EAST."""
    product = StockedProductFactory(sku="PUMP", tracking=Tracking.SERIAL)
    return World(product, world.site, world.trunk, stock(product, world.site, 1, lot="S1"))


def receive(at, qty, **more):
    source = DocumentRef("receipt", 1, "R1")
    return receive_stock(product_id=at.product.pk, site_id=at.site.pk, qty=qty, source=source, **DID, **more)


def ask(at, qty, lot=""):
    line = TransferLineSpec(at.product.pk, qty, lot)
    return request_transfer(
        from_site_id=at.site.pk, to_site_id=at.trunk.pk, expected_date=ETA, lines=[line], key="t", **DID
    )


def offer(at, qty, lot=""):
    line = TransferLineSpec(at.product.pk, qty, lot)
    return offer_transfer(from_site_id=at.site.pk, to_site_id=at.trunk.pk, lines=[line], key="o", **DID)


def expect(at, qty):
    return record_inbound(product_id=at.product.pk, site_id=at.site.pk, reference="PO-1", qty=qty, eta_date=ETA, **DID)


@pytest.mark.parametrize("qty", [TOO_FINE, Decimal("1.00001"), Decimal("NaN"), Decimal("10000000000")])
def test_a_quantity_too_fine_too_large_or_none_at_all_is_taken_by_no_door(world, qty):
    balance = world.balance_id
    count_id = open_count(site_id=world.site.pk, key="c", **DID)
    line = CountLine.objects.get(count=count_id).pk
    travelling, loaded = requested(world.product, world.site, world.trunk, 4)
    coming, sent = shipped(world.product, world.site, world.trunk, 3)
    found = FoundStock(world.product.pk, qty)
    told = {
        "adjust": lambda: adjust_stock(balance_id=balance, qty=qty, reason="water damage", **DID),
        "status": lambda: change_stock_status(
            balance_id=balance, to=StockStatus.DAMAGED, qty=qty, reason="water damage", key=1, **DID
        ),
        "scrap": lambda: scrap_stock(balance_id=balance, qty=qty, reason="water damage", key=1, **DID),
        "count": lambda: record_counts(count_id=count_id, counted={line: qty}, **DID),
        "found": lambda: record_counts(count_id=count_id, counted={}, found=[found], **DID),
        "transfer": lambda: ask(world, qty),
        "load": lambda: ship_transfer(transfer_id=travelling, shipped={loaded: qty}, **DID),
        "arrive": lambda: receive_transfer(transfer_id=coming, arrived={sent: Arrived(qty)}, **DID),
        "damaged": lambda: receive_transfer(transfer_id=coming, arrived={sent: Arrived(Decimal(0), qty)}, **DID),
        "acknowledge": lambda: acknowledge_transfer(transfer_id=coming, stated={sent: Stated(qty)}, **DID),
        "offer": lambda: offer(world, qty),
        "inbound": lambda: expect(world, qty),
    }
    assert {name: world.code(act) for name, act in told.items()} == {
        "adjust": ("too_precise", "/qty"),
        "status": ("not_a_quantity", "/qty"),
        "scrap": ("not_a_quantity", "/qty"),
        "count": ("not_a_quantity", f"/lines/{line}"),
        "found": ("not_a_quantity", "/found/0/qty"),
        "transfer": ("not_a_quantity", "/lines/0/qty"),
        "load": ("not_what_was_asked", f"/lines/{loaded}"),
        "arrive": ("not_a_quantity", f"/lines/{sent}"),
        "damaged": ("not_a_quantity", f"/lines/{sent}"),
        "acknowledge": ("not_a_quantity", f"/lines/{sent}"),
        "offer": ("not_a_quantity", "/lines/0/qty"),
        "inbound": ("not_positive", "/qty"),
    }
    world.refused(lambda: receive(world, qty), kind=NothingReceived)


def test_a_file_tells_each_cell_with_a_quantity_that_does_not_fit(world):
    rows = {
        "stock": "site,product,lot,status,on_hand\nEAST,BOLT,,available,{}\n",
        "receipts": "document,site,product,lot,qty\nDN-1,EAST,BOLT,,{}\n",
        "inbound": "kind,reference,site,product,ordered_qty,eta_date\npurchase,PO-1,EAST,BOLT,{},2026-12-24\n",
    }
    for code, text in rows.items():
        for cell in ("1.00001", "12345678901", "two"):
            upload = previewed(code, text.format(cell))
            assert outcomes(upload) == {2: "error"}, (code, cell)
            assert all(p["remedy"] for p in upload.rows.get().problems)
    assert on_hand(world.product) == 10


def test_half_a_unit_with_a_serial_number_is_nowhere(pump):
    count_id = open_count(site_id=pump.site.pk, product_ids=[pump.product.pk], key="c", **DID)
    line = CountLine.objects.get(count=count_id).pk
    lot = Lot.objects.get(code="S1")
    one = "Serial number S1 of PUMP is one unit: a part of it is nowhere."
    for act in (
        lambda: adjust_stock(balance_id=pump.balance_id, qty=-HALF, reason="water damage", **DID),
        lambda: scrap_stock(balance_id=pump.balance_id, qty=HALF, reason="water damage", key=1, **DID),
        lambda: change_stock_status(
            balance_id=pump.balance_id, to=StockStatus.DAMAGED, qty=HALF, reason="water damage", key=1, **DID
        ),
    ):
        assert pump.refused(act, kind=SerialIsOneUnit).message == one
    part = Returned(pump.product.pk, pump.site.pk, HALF, 1, lot_id=lot.pk, status=StockStatus.DAMAGED)
    back = DocumentRef("return", 1)
    with pytest.raises(SerialIsOneUnit), unit():
        return_to_stock([part], source=back, **DID)
    assert on_hand(pump.product, status="damaged") == 0
    told = pump.refused(lambda: record_counts(count_id=count_id, counted={line: HALF}, **DID)).errors
    assert [(e.code, e.message) for e in told] == [("not_one_unit", "Serial number S1 of PUMP is one unit, not 0.5.")]
    assert pump.code(lambda: record_counts(count_id=count_id, counted={line: Decimal(2)}, **DID))[0] == "not_one_unit"
    assert pump.code(lambda: ask(pump, HALF, "S1")) == ("not_one_unit", "/lines/0/qty")
    assert pump.code(lambda: ask(pump, Decimal(2), "s1")) == ("not_one_unit", "/lines/0/qty")
    assert pump.code(lambda: ask(pump, Decimal(1))) == ("serial_missing", "/lines/0/qty")
    assert pump.code(lambda: offer(pump, HALF, "S1")) == ("not_one_unit", "/lines/0/qty")
    pump.refused(lambda: receive(pump, HALF, lot_code="S2"), kind=SerialsMissing)
    assert breaches() == []


def test_half_a_numbered_unit_is_neither_loaded_nor_unloaded(pump):
    transfer_id, line = requested(pump.product, pump.site, pump.trunk, 1, lot="S1")
    load = lambda: ship_transfer(transfer_id=transfer_id, shipped={line: HALF}, **DID)  # noqa: E731
    assert pump.code(load) == ("not_one_unit", f"/lines/{line}")
    ship_transfer(transfer_id=transfer_id, **DID)
    for come in (Arrived(HALF), Arrived(HALF, HALF)):
        arrive = lambda come=come: receive_transfer(transfer_id=transfer_id, arrived={line: come}, **DID)  # noqa: E731
        assert pump.code(arrive) == ("not_one_unit", f"/lines/{line}")
    state_it = lambda: acknowledge_transfer(transfer_id=transfer_id, stated={line: Stated(HALF)}, **DID)  # noqa: E731
    assert pump.code(state_it) == ("not_one_unit", f"/lines/{line}")
    receive_transfer(transfer_id=transfer_id, arrived={line: Arrived(Decimal(1))}, **DID)
    assert (on_hand(pump.product, pump.trunk), breaches()) == (1, [])


def test_units_without_numbers_do_not_come_in_by_a_correction_a_count_or_a_file(pump):
    other = StockedProductFactory(sku="SAW", tracking=Tracking.SERIAL)
    count_id = open_count(site_id=pump.site.pk, product_ids=[other.pk], key="c", **DID)
    line = CountLine.objects.get(count=count_id)
    add = lambda: adjust_stock(balance_id=line.balance_id, qty=Decimal(3), reason="found three", **DID)  # noqa: E731
    assert pump.refused(add, kind=SerialsMissing).message == (
        "SAW is tracked by serial number: 3 came without one each."
    )
    counted = lambda: record_counts(count_id=count_id, counted={line.pk: Decimal(3)}, **DID)  # noqa: E731
    assert pump.code(counted) == ("serial_missing", f"/lines/{line.pk}")
    found = [FoundStock(other.pk, Decimal(1))]
    there = lambda: record_counts(count_id=count_id, counted={}, found=found, **DID)  # noqa: E731
    assert pump.code(there) == ("serial_missing", "/found/0/qty")
    stock_rows = "EAST,SAW,,available,3\nEAST,SAW,S1,available,2\nEAST,PUMP,S1,available,0.5\nEAST,SAW,S7,available,1\n"
    upload = previewed("stock", "site,product,lot,status,on_hand\n" + stock_rows)
    assert problems(upload) == {
        2: [("lot", "SAW has serial numbers: 3 came without one each.")],
        3: [("on_hand", "Serial number S1 of SAW is one unit, not 2.")],
        4: [("on_hand", "Serial number S1 of PUMP is one unit, not 0.5.")],
    }
    receipts = previewed("receipts", "document,site,product,lot,qty\nDN-1,EAST,SAW,,2\nDN-1,EAST,SAW,S8,1\n")
    assert problems(receipts) == {2: [("lot", "SAW has serial numbers: 2 came without one each.")]}
    assert applied("stock", "site,product,lot,status,on_hand\nEAST,SAW,S7,available,1\n").state == "applied"
    assert (Lot.objects.get(code="S7").is_serial, on_hand(other)) == (True, 1)
    second = applied("stock", "site,product,lot,status,on_hand\nVAN,SAW,S7,available,1\n")
    assert second.state == "refused"
    assert "Serial number S7 of SAW is on the books already: EAST available, VAN available." in second.problem
    assert breaches() == []


def test_lots_past_their_date_or_recalled_come_in_by_no_door(world):
    """As good stock; the doors of transfers, offers and usage have their own tests."""
    for code in ("OLD", "BAD"):
        stock(world.product, world.site, 1, lot=code, expiry=TODAY + timedelta(days=9))
    Lot.objects.filter(code="OLD").update(expiry_date=TODAY - timedelta(days=1))
    Lot.objects.filter(code="BAD").update(is_recalled=True)
    quality = {
        code: StockBalance.objects.create(
            product=world.product, site=world.site, lot=Lot.objects.get(code=code), status=StockStatus.QUALITY
        ).pk
        for code in ("OLD", "BAD")
    }
    for code, kind in (("OLD", LotIsExpired), ("BAD", LotIsRecalled)):
        world.refused(lambda code=code: receive(world, Decimal(1), lot_code=code), kind=kind)
        freed = lambda code=code: change_stock_status(  # noqa: E731
            balance_id=quality[code], to=StockStatus.AVAILABLE, qty=Decimal(1), reason="looked at it", key=1, **DID
        )
        world.refused(freed, kind=kind)
        world.refused(lambda code=code: ask(world, Decimal(1), code), kind=kind)
        world.refused(lambda code=code: offer(world, Decimal(1), code), kind=kind)
