"""The picker holds another lot or unit than the one released: it goes where it may, and no claim is lost or doubled."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.urls import reverse

from catalog.models import Product
from core.errors import InvalidInput
from core.lifecycle import IllegalTransition
from core.models import JournalEntry
from core.refs import DocumentRef
from core.testing import drain
from credit.models import CreditAccount
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.take_other_lot import take_other_lot
from inventory.models import Claim, Demand, Lot, StockBalance, StockMovement
from inventory.services.move_claim import LotIsClaimed, LotIsNotThere, LotIsTheClaimedOne, LotMayNotGo
from inventory.services.recall_lot import recall_lot
from inventory.services.receive_stock import receive_stock
from pricing.models import PriceRow
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.doors import browser_of, device_of
from tests.factories.flow import NOW, PICKER, breaches, picked, placed, released
from tests.factories.inventory import stock
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db
D = Decimal
RECEIPTS = count(1)


def day(days: int):
    return NOW.date() + timedelta(days=days)


def world_of(*lots: tuple[str, int, int]):
    """One product with lots (code, units, days to its expiry)."""
    world = make_world(stock=None)
    for code, qty, days in lots:
        receive_stock(
            product_id=world.products[0].pk, site_id=world.site.pk, qty=D(qty), lot_code=code, expiry_date=day(days),
            source=DocumentRef("receipt", next(RECEIPTS)), actor=PICKER, now=NOW,
        )  # fmt: skip
    return world


def take(sent, code: str, qty: int | None = None, line: ShipmentLine | None = None):
    line = line or ShipmentLine.objects.filter(shipment=sent.shipment_id).order_by("pk")[0]
    return take_other_lot(
        shipment_id=sent.shipment_id, line_id=line.pk, code=code, qty=None if qty is None else D(qty), actor=PICKER,
        now=NOW,
    )  # fmt: skip


def claimed(code: str) -> tuple[Decimal, Decimal, Decimal]:
    """(reserved and allocated, released, free) of the lot's stock."""
    b = StockBalance.objects.get(lot__code=code)
    free = b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty
    return b.reserved_qty + b.allocated_qty, b.released_qty, free


def test_a_free_lot_goes_instead_and_ships_from_its_own_balance():
    world = world_of(("A", 10, 100), ("B", 10, 200))
    sent = released(world, 6)
    assert ShipmentLine.objects.get().lot.code == "A"
    assert take(sent, "b").words == f"6 × {world.products[0].sku} go from B instead of A"
    line = ShipmentLine.objects.get()
    assert (line.lot.code, line.qty, line.claim.balance_id) == ("B", D(6), line.balance_id)
    assert (claimed("A"), claimed("B")) == ((0, 0, 10), (0, 6, 4))
    assert JournalEntry.objects.filter(subject_kind="shipment", verb="took another lot").count() == 1
    assert breaches() == []
    picked(sent)
    confirm_shipment(shipment_id=sent.shipment_id, actor=PICKER, now=NOW)
    drain(NOW)
    (left,) = StockMovement.objects.filter(kind="ship").values_list("balance__lot__code", "qty")
    assert left == ("B", D(-6))
    assert breaches() == []


def test_a_part_from_another_lot_is_a_line_of_its_own_and_not_a_cent_of_exposure_is_lost():
    world = world_of(("A", 10, 100), ("B", 10, 200))
    PriceRow.objects.update(unit_price=D("0.335"))
    sent = released(world, 3)
    assert CreditAccount.objects.get().released_amount == D("1.01")
    take(sent, "B", 1)
    first, second = ShipmentLine.objects.order_by("pk")
    assert [(x.lot.code, x.qty) for x in (first, second)] == [("A", D(2)), ("B", D(1))]
    assert CreditAccount.objects.get().released_amount == D("1.01")  # 0.67 + 0.34
    assert Demand.objects.get().released_qty == D(3)
    assert (claimed("A"), claimed("B")) == ((0, 2, 8), (0, 1, 9))
    take(sent, "B", 1, line=first)
    assert CreditAccount.objects.get().released_amount == D("1.02")  # 0.34 three times
    assert breaches() == []


def test_what_another_order_holds_of_the_lot_is_exchanged_for_what_this_one_lets_go():
    world = world_of(("A", 6, 100), ("B", 10, 200))
    sent = released(world, 6)
    other = placed(world, 8)
    assert claimed("B") == (8, 0, 2)
    assert "4 of it were exchanged with other orders" in take(sent, "B").words
    assert (claimed("A"), claimed("B")) == ((4, 0, 2), (4, 6, 0))
    theirs = Demand.objects.get(ref_id=other)
    assert theirs.reserved_qty + theirs.allocated_qty == D(8)
    assert breaches() == []


def test_what_another_order_cannot_exchange_is_refused_by_name_and_nothing_moves():
    world = world_of(("A", 6, 40), ("B", 10, 200))
    sent = released(world, 6)
    placed(world, 8)
    Demand.objects.exclude(pk=ShipmentLine.objects.get().demand_id).update(min_shelf_life_days=90)
    with pytest.raises(LotIsClaimed) as refusal:
        take(sent, "B")
    sku = world.products[0].sku
    assert refusal.value.message.startswith(f"6 of lot B of {sku} cannot be taken: 2 are free")
    assert "Pick lot A" in refusal.value.remedy
    assert (claimed("A"), claimed("B")) == ((0, 6, 0), (8, 0, 2))
    assert breaches() == []


def test_a_lot_in_another_s_hands_is_not_exchanged():
    world = world_of(("A", 6, 100), ("B", 6, 200))
    mine, _theirs = released(world, 6), released(world, 6)
    with pytest.raises(LotIsClaimed):
        take(mine, "B")
    assert claimed("B") == (0, 6, 0)


def test_a_lot_too_old_for_the_customer_recalled_unknown_or_the_same_is_refused():
    world = world_of(("OLD", 10, 20), ("A", 10, 100), ("B", 10, 200))
    type(world.account).objects.update(min_shelf_life_days=30)
    sent = released(world, 6)
    assert ShipmentLine.objects.get().lot.code == "A"
    with pytest.raises(LotMayNotGo, match="must last 30 days after the delivery"):
        take(sent, "OLD")
    with pytest.raises(LotIsTheClaimedOne):
        take(sent, "A")
    with pytest.raises(LotIsNotThere, match="No lot C of"):
        take(sent, "C")
    recall_lot(lot_id=Lot.objects.get(code="B").pk, reason="glass found in it", actor=PICKER, now=NOW)
    with pytest.raises(LotMayNotGo):
        take(sent, "B")
    assert ShipmentLine.objects.get().lot.code == "A"
    assert breaches() == []


def test_a_numbered_unit_is_swapped_by_scanning_its_barcode_and_another_product_is_put_back():
    world = make_world(products=2, stock=None)
    unit, other = world.products
    Product.objects.filter(pk=unit.pk).update(tracking="serial", gtin="09506000134352")
    Product.objects.filter(pk=other.pk).update(gtin="09506000134369")
    for serial in ("S1", "S2", "S3"):
        stock(unit, world.site, 1, lot=serial)
    stock(other, world.site, 5)
    sent = released(world, 2, 1)
    first = ShipmentLine.objects.get(lot__code="S1")
    with pytest.raises(InvalidInput) as refusal:
        take(sent, "(01)09506000134369(21)S3", line=first)
    assert refusal.value.errors[0].code == "another_product"
    take(sent, "(01)09506000134352(21)S3", line=first)
    held = ShipmentLine.objects.filter(product=unit).order_by("lot__code").values_list("lot__code", flat=True)
    assert list(held) == ["S2", "S3"]
    assert claimed("S1") == (0, 0, 1)
    assert breaches() == []


def test_after_the_pick_nothing_is_exchanged_any_more():
    world = world_of(("A", 10, 100), ("B", 10, 200))
    sent = released(world, 6)
    picked(sent)
    with pytest.raises(IllegalTransition):
        take(sent, "B")
    assert Claim.objects.filter(balance__lot__code="B").count() == 0


def test_console_and_api_take_another_lot():
    world = world_of(("A", 10, 900), ("B", 10, 950), ("C", 10, 999))
    sent = released(world, 6)
    line = ShipmentLine.objects.get()
    page = reverse("admin:fulfillment_shipment_pick", args=[sent.shipment_id])
    desk = browser_of(StaffFactory(roles=["warehouse"]))
    answer = desk.post(page, {"other": str(line.pk), f"lot-{line.pk}": "B", f"lot-qty-{line.pk}": "2"}, follow=True)
    assert "go from B instead of A" in answer.content.decode()
    entered = desk.post(page, {f"lot-{line.pk}": "Z", f"qty-{line.pk}": "4"})  # a scanner's Enter confirms no pick
    assert entered.status_code == 422
    assert Shipment.objects.get().status == "released"
    wrong = desk.post(page, {"other": str(line.pk), f"lot-{line.pk}": "Z"})
    assert wrong.status_code == 422
    assert "No lot Z of" in wrong.content.decode()
    device = device_of(UserFactory(roles=["warehouse"]))
    address = f"/api/v1/shipments/{Shipment.objects.get().public_id}/other-lot"
    told = device.post(address, {"line": str(line.pk), "code": "C", "quantity": "1"}, HTTP_IDEMPOTENCY_KEY="lot-1")
    assert told.status_code == 200, told.json()
    assert [(x["lot"], x["released"]["value"]) for x in told.json()["lines"]] == [("A", "3"), ("B", "2"), ("C", "1")]
    again = device.post(address, {"line": str(line.pk), "code": "C", "quantity": "1"}, HTTP_IDEMPOTENCY_KEY="lot-1")
    assert again["Idempotency-Replayed"] == "true"
    assert ShipmentLine.objects.count() == 3
    assert breaches() == []
