"""Released lines become one shipment per order, site and address."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fulfillment.rules.packing import PackLine, split_into_parcels


def line(
    order_id: int = 1, order_line_id: int = 1, site_id: int = 1, ship_to_id: int | None = 7, claim_id: int = 1
) -> PackLine:
    return PackLine(order_id, order_line_id, site_id, ship_to_id, claim_id, claim_id, claim_id, None, 5, Decimal(3))


def test_two_lines_of_one_order_at_one_site_travel_together():
    (parcel,) = split_into_parcels([line(order_line_id=2, claim_id=2), line(order_line_id=1, claim_id=1)])
    assert [x.order_line_id for x in parcel.lines] == [1, 2]
    assert parcel.ship_to_id == 7


def test_two_sites_two_addresses_and_two_orders_make_four_shipments_and_not_one_more():
    lines = [
        line(claim_id=1),
        line(site_id=2, claim_id=2),
        line(ship_to_id=8, claim_id=3),
        line(order_id=2, order_line_id=9, claim_id=4),
        line(order_id=2, order_line_id=9, claim_id=5),
    ]
    assert [(p.order_id, p.site_id, p.ship_to_id, len(p.lines)) for p in split_into_parcels(lines)] == [
        (1, 1, 7, 1),
        (1, 1, 8, 1),
        (1, 2, 7, 1),
        (2, 1, 7, 2),
    ]


def test_no_address_is_an_address_of_its_own():
    (parcel,) = split_into_parcels([line(ship_to_id=None)])
    assert parcel.ship_to_id is None


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.sampled_from([None, 1, 2]))))
def test_every_claimed_part_is_in_exactly_one_parcel(raw):
    lines = [line(o, x, s, a, claim_id=n) for n, (o, x, s, a) in enumerate(raw, 1)]
    packed = [x for p in split_into_parcels(lines) for x in p.lines]
    assert sorted(x.claim_id for x in packed) == list(range(1, len(lines) + 1))
