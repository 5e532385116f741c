"""The seams are counted in the books: each reads 0 after a clean day and 1 once somebody makes it leak."""

import pytest

from billing.models import InvoiceLine
from core.clock import now as real_now
from inventory.models import Claim
from orders.models import Hold
from reporting.dashboard import SEAMS, seam_readings
from reporting.seams import SEAM_SQL, leaks
from tests.factories.flow import picked, released, shipped, stocked_world

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    return {code: leak.count for code, leak in leaks().items()}


@pytest.fixture
def day():
    """An order released, one packed, one shipped and invoiced, today."""
    world, now = stocked_world(), real_now()
    waiting, packed = released(world, 2, now=now), released(world, 3, now=now)
    picked(packed, now=now)
    sent = shipped(world, 4, now=now)
    return waiting, packed, sent


def test_every_seam_reads_zero_after_a_clean_day(day):
    assert counts() == dict.fromkeys(SEAM_SQL, 0)
    assert [(r.label, r.count) for r in seam_readings()] == [(s.label, 0) for s in SEAMS]


def test_a_shipment_whose_claim_is_not_the_warehouses_is_released_without_stock(day):
    waiting, _, _ = day
    Claim.objects.filter(demand__ref_id=waiting.order_id).update(kind="hard")
    assert counts() == {"released_without_stock": 1, "price_changed": 0, "credit_after_pick": 0}
    assert "Now: SH-" in seam_readings()[0].text


def test_an_invoice_line_at_another_price_than_the_locked_one_shows(day):
    InvoiceLine.objects.update(unit_price=11)
    assert counts() == {"released_without_stock": 0, "price_changed": 1, "credit_after_pick": 0}


def hold(order_id: int, **more) -> None:
    Hold.objects.create(order_id=order_id, reason="credit", rule="credit", blocks=["release"], placed_by="x", **more)


def test_a_credit_hold_after_the_pick_and_a_release_under_a_hold_show(day):
    waiting, packed, _ = day
    hold(packed.order_id, placed_at=real_now())
    assert counts()["credit_after_pick"] == 1
    before = real_now().replace(year=2020)
    hold(waiting.order_id, placed_at=before)
    assert counts()["credit_after_pick"] == 2
    Hold.objects.update(cleared_at=before, placed_at=before)
    assert counts()["credit_after_pick"] == 0
