"""Packing, and how a shipment travels: every unit in one package, every number once, every choice explained."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from core.errors import InvalidInput
from core.testing import drain
from fulfillment.models import (
    CarrierService,
    Consignment,
    LabelNumbering,
    Package,
    PackageLine,
    Shipment,
    ShippingChoice,
    ShippingRule,
)
from fulfillment.package_queries import packages_of, unpacked
from fulfillment.queries import shipment_detail, tracking_links
from fulfillment.rules.asks import Departure
from fulfillment.services.confirm_consignment import ConsignmentNotReady, confirm_consignment
from fulfillment.services.confirm_shipment import NotAllPacked, confirm_shipment, confirm_shipments
from fulfillment.services.draw_ssccs import LabelNumbersUsedUp, NoCompanyPrefix
from fulfillment.services.find_package import IsSealed, NotToBePacked, PackageSpec
from fulfillment.services.pack_shipment import open_again, open_package, pack_shipment, put_in, seal_package, take_out
from fulfillment.services.plan_carriage import choose_service, plan_carriage
from fulfillment.services.release_orders import release_orders
from fulfillment.services.scan_at_station import scan_at_station
from fulfillment.states import PackageKind
from tests.factories.accounts import UserFactory
from tests.factories.doors import browser_of
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, placed, released, stocked_world

D = Decimal
WHO = {"actor": PICKER, "now": NOW}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prefix():
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")


def at_station(world, *qtys: int):
    sent = released(world, *qtys)
    picked(sent)
    return sent, line_ids(sent.shipment_id)


def codes(error: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [e.code for e in error.value.errors]


def test_two_cartons_on_a_pallet_are_numbered_in_a_row_and_hold_all_that_was_picked():
    sent, (a, b) = at_station(stocked_world(products=2), 5, 4)
    numbers = pack_shipment(
        shipment_id=sent.shipment_id,
        packages=[
            PackageSpec(kind=PackageKind.PALLET, weight_kg=D(40), sides_cm=(D(120), D(80), D(100))),
            PackageSpec({a: D(5)}, weight_kg=D(10), pallet=0),
            PackageSpec({b: D(4)}, weight_kg=D(12), pallet=0),
        ],
        **WHO,
    )
    assert [n[:17] for n in numbers] == ["09506000000000001", "09506000000000002", "09506000000000003"]
    pallet, one, two = packages_of([sent.shipment_id])[sent.shipment_id]
    assert (pallet.qty, one.qty, two.qty) == (0, 5, 4)
    assert (one.pallet, two.pallet, pallet.cube_m3) == (numbers[0], numbers[0], D("0.96"))
    assert unpacked([sent.shipment_id]) == {}
    assert confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", **WHO)
    assert breaches() == []


def test_a_shipment_begun_at_the_station_leaves_only_when_all_is_packed_and_sealed():
    sent, (line,) = at_station(stocked_world(), 5)
    sscc = open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO)
    put_in(sscc=sscc, quantities={line: D(3)}, **WHO)
    with pytest.raises(NotAllPacked) as refused:
        confirm_shipment(shipment_id=sent.shipment_id, **WHO)
    assert refused.value.data == {"number": Shipment.objects.get().number, "left": "2", "open": 1}
    put_in(sscc=sscc, quantities={line: D(2)}, **WHO)
    seal_package(sscc=sscc, weight_kg=D("4.2"), **WHO)
    with pytest.raises(IsSealed):
        put_in(sscc=sscc, quantities={line: D(1)}, **WHO)
    confirm_shipment(shipment_id=sent.shipment_id, **WHO)
    with pytest.raises(NotToBePacked):
        open_again(sscc=sscc, **WHO)


def test_no_unit_lies_in_two_packages_and_every_mistake_is_told_at_once():
    sent, (line,) = at_station(stocked_world(), 5)
    with pytest.raises(InvalidInput) as wrong:
        pack_shipment(
            shipment_id=sent.shipment_id,
            packages=[
                PackageSpec({line: D(3)}, weight_kg=D(-1)),
                PackageSpec({line: D(3), 0: D(1)}, pallet=0),
            ],
            **WHO,
        )
    assert sorted(codes(wrong)) == ["more_than_picked", "not_a_weight", "unknown_line", "unknown_pallet"]
    assert Package.objects.count() == 0
    sscc = open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO)
    put_in(sscc=sscc, quantities={line: D(5)}, **WHO)
    with pytest.raises(InvalidInput):
        put_in(sscc=sscc, quantities={line: D(1)}, **WHO)
    take_out(sscc=sscc, shipment_line_id=line, **WHO)
    assert PackageLine.objects.count() == 0


def test_a_scanned_unit_goes_into_the_open_package_and_a_stranger_does_not():
    world = stocked_world(products=2)
    sent, (line,) = at_station(world, 3)
    mine, other = world.products
    first = scan_at_station(shipment_id=sent.shipment_id, code=mine.sku, **WHO)
    assert first.words == f"1 × {mine.sku} packed, 2 left to pack."
    again = scan_at_station(shipment_id=sent.shipment_id, code=mine.sku, sscc=first.sscc, times=D(2), **WHO)
    assert (again.sscc, again.words) == (first.sscc, f"2 × {mine.sku} packed, 0 left to pack.")
    assert PackageLine.objects.get().qty == 3
    for code, why in (
        (mine.sku, "more_than_picked"),
        (other.sku, "not_in_shipment"),
        ("095060000000000022", "another_package"),
    ):
        with pytest.raises(InvalidInput) as wrong:
            scan_at_station(shipment_id=sent.shipment_id, code=code, sscc=first.sscc, **WHO)
        assert codes(wrong) == [why]
    label = scan_at_station(shipment_id=sent.shipment_id, code=f"(00){first.sscc}", **WHO)
    assert label.sscc == first.sscc
    assert line == PackageLine.objects.get().shipment_line_id


def test_without_a_company_prefix_nothing_is_numbered_and_used_up_numbers_are_told(settings):
    sent, _ = at_station(stocked_world(), 1)
    LabelNumbering.objects.all().delete()
    settings.GS1_COMPANY_PREFIX = ""
    with pytest.raises(NoCompanyPrefix):
        open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO)
    site = Shipment.objects.get().site
    LabelNumbering.objects.create(site=site, extension_digit="1", company_prefix="950600012345")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_numberseries (code, prefix, next_value) VALUES ('sscc 1 950600012345', '', 9999)"
        )
    assert open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO)[:17] == "19506000123459999"
    with pytest.raises(LabelNumbersUsedUp):
        open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO)


def test_a_number_that_was_not_kept_is_given_to_the_next():
    sent, _ = at_station(stocked_world(), 2)
    with pytest.raises(InvalidInput):
        pack_shipment(shipment_id=sent.shipment_id, packages=[PackageSpec({0: D(1)})], **WHO)
    found = [open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO) for _ in range(3)]
    assert [n[-3:-1] for n in found] == ["01", "02", "03"]


def _services() -> tuple[CarrierService, CarrierService]:
    ground = CarrierService.objects.create(
        code="UPS-GROUND", carrier="UPS", name="Ground", tracking_url="https://track.example/?n={number}"
    )
    freight = CarrierService.objects.create(code="SAIA-LTL", carrier="Saia", name="Freight", mode="freight")
    return ground, freight


def test_the_service_is_chosen_at_release_by_weight_and_anew_when_the_packages_are_weighed():
    world = stocked_world()
    type(world.products[0]).objects.update(weight_kg=D(2), cube_m3=D("0.01"))
    ground, freight = _services()
    ShippingRule.objects.create(priority=10, service=ground, max_weight_kg=D(30))
    ShippingRule.objects.create(priority=20, service=freight)
    sent = released(world, 5)
    drain(NOW)
    shipment = shipment_detail(sent.shipment_id)
    assert (shipment.service, shipment.service_why) == ("UPS-GROUND", Shipment.objects.get().service_why["rule"])
    assert Shipment.objects.get().service_why["inputs"]["weight_kg"] == "10"
    picked(sent)
    (line,) = line_ids(sent.shipment_id)
    pack_shipment(shipment_id=sent.shipment_id, packages=[PackageSpec({line: D(5)}, weight_kg=D(31))], **WHO)
    assert shipment_detail(sent.shipment_id).service == "SAIA-LTL"
    choose_service(shipment_id=sent.shipment_id, service_id=ground.pk, reason="customer asked", **WHO)
    plan_carriage(shipment_ids=[sent.shipment_id], **WHO)
    confirm_shipment(shipment_id=sent.shipment_id, tracking_number="1Z 7", **WHO)
    left = shipment_detail(sent.shipment_id)
    assert (left.service, left.carrier) == ("UPS-GROUND", "UPS")
    assert tracking_links([left]) == {left.id: "https://track.example/?n=1Z%207"}


def test_orders_of_one_address_travel_as_one_consignment_where_the_customer_chose_so():
    world = stocked_world()
    type(world.products[0]).objects.update(weight_kg=D(2))
    ground, freight = _services()
    ShippingRule.objects.create(priority=10, service=ground, max_weight_kg=D(15))
    ShippingRule.objects.create(priority=20, service=freight)
    alone = released(world, 1)
    drain(NOW)
    ShippingChoice.objects.create(account=world.account)
    two = [released(world, n) for n in (5, 4)]
    drain(NOW)
    assert Shipment.objects.get(pk=alone.shipment_id).consignment is None
    consignment = Consignment.objects.get()
    assert {s.shipment_id for s in two} == set(consignment.shipments.values_list("pk", flat=True))
    assert {shipment_detail(s.shipment_id).service for s in two} == {"SAIA-LTL"}  # 10 kg went by ground, 18 do not
    picked(two[0])
    with pytest.raises(ConsignmentNotReady) as waits:
        confirm_consignment(number=consignment.number, **WHO)
    assert waits.value.data["waiting"] == Shipment.objects.get(pk=two[1].shipment_id).number
    picked(two[1])
    sent = confirm_consignment(number=consignment.number, tracking_number="PRO-1", **WHO)
    assert sent == sorted(consignment.shipments.values_list("number", flat=True))
    assert set(consignment.shipments.values_list("status", "carrier", "tracking_number")) == {
        ("shipped", "Saia", "PRO-1")
    }
    assert confirm_consignment(number=consignment.number, **WHO) == []
    late = released(world, 1)
    drain(NOW)
    assert shipment_detail(late.shipment_id).consignment not in ("", consignment.number)


def test_a_hundred_shipments_are_chosen_for_and_leave_in_the_statements_of_two():
    world = stocked_world(stock_qty=1_000)
    ground, _ = _services()
    ShippingRule.objects.create(priority=10, service=ground)
    ids = [placed(world, 1) for _ in range(12)]
    sent = [i for o in release_orders(order_ids=ids, **WHO) for i in o.shipment_ids]
    counts = []
    for some in (sent[:2], sent[2:]):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert plan_carriage(shipment_ids=some, **WHO) == len(some)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[0] <= 15
    for shipment in sent:
        picked(type("S", (), {"shipment_id": shipment}))
    left = []
    for some in (sent[:2], sent[2:]):
        with CaptureQueriesContext(connection) as asked:
            confirm_shipments([Departure(i) for i in some], **WHO)
        left.append(len(asked))
    assert left[0] == left[1]


def test_who_may_only_look_finds_nothing_to_press_on_a_shipment():
    sent = released(stocked_world(), 2)
    address = f"/admin/fulfillment/shipment/{sent.shipment_id}/change/"
    warehouse, auditor = (
        browser_of(UserFactory(roles=[role], is_staff=True)) for role in (Role.WAREHOUSE, Role.AUDITOR)
    )
    assert "Confirm pick…" in warehouse.get(address).content.decode()
    shown = auditor.get(address).content.decode()
    assert "Packing slip" in shown and "Confirm pick…" not in shown
