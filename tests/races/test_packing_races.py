"""Two packers at once: real threads, real transactions."""

from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.testing import race
from fulfillment.models import LabelNumbering, Package, PackageLine
from fulfillment.services.find_package import PackageSpec
from fulfillment.services.pack_shipment import open_package, pack_shipment, put_in
from fulfillment.states import PackageKind
from tests.factories.flow import NOW, PICKER, breaches, line_ids, picked, released, stocked_world

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
WHO = {"actor": PICKER, "now": NOW}


def test_stations_that_pack_at_once_give_every_number_once_and_leave_none_out():
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")
    world = stocked_world(stock_qty=100)
    shipments = []
    for _ in range(4):
        sent = released(world, 3)
        picked(sent)
        shipments.append(sent.shipment_id)
    carton = PackageKind.CARTON
    results = race(
        *[lambda s=s: open_package(shipment_id=s, kind=carton, **WHO) for s in shipments for _ in range(3)],
        *[
            lambda s=s: pack_shipment(shipment_id=s, packages=[PackageSpec({0: D(1)})], **WHO)  # refused: rolled back
            for s in shipments
        ],
    )
    assert [type(r) for r in results if isinstance(r, Exception)] == [InvalidInput] * 4
    serials = sorted(int(n[:17]) - 9506000 * 10**9 for n in Package.objects.values_list("sscc", flat=True))
    assert serials == list(range(1, 13))


def test_two_packers_of_one_shipment_never_pack_a_unit_twice():
    LabelNumbering.objects.create(extension_digit="0", company_prefix="9506000")
    sent = released(stocked_world(), 5)
    picked(sent)
    (line,) = line_ids(sent.shipment_id)
    one, two = (open_package(shipment_id=sent.shipment_id, kind=PackageKind.CARTON, **WHO) for _ in range(2))
    results = race(*[lambda n=n: put_in(sscc=n, quantities={line: D(1)}, **WHO) for n in (one, two) for _ in range(4)])
    assert sorted(type(r).__name__ for r in results) == ["InvalidInput"] * 3 + ["NoneType"] * 5
    assert sum(PackageLine.objects.values_list("qty", flat=True)) == 5
    assert breaches() == []
