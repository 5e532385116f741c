"""The measures of real orders, driven by the verbs everybody calls and measured by the reactions of config/flow.py."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.periods import Period
from core.testing import drain
from exceptions_app.models import Case
from fulfillment.services.confirm_shipment import confirm_shipment
from reporting.models import LineMeasure, OrderMeasure
from reporting.queries import kpis
from tests.factories.flow import NOW, PICKER, line_ids, picked, released, shipped, stocked_world

pytestmark = pytest.mark.django_db

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def march():
    return {k.code: k for k in kpis(MARCH)}


def test_an_order_shipped_as_promised_and_invoiced_is_measured_perfect():
    world = stocked_world(products=2)
    sent = shipped(world, 3, 4)
    measure = OrderMeasure.objects.get()
    assert (measure.order_id, measure.account_id, measure.channel) == (sent.order_id, world.account.pk, "console")
    assert (measure.shipment_ids, len(measure.invoice_ids)) == ([sent.shipment_id], 1)
    assert (measure.release_lines, measure.short_lines, measure.last_shipped_at) == (2, 0, NOW)
    lines = LineMeasure.objects.order_by("order_line_id")
    assert [(line.ordered_qty, line.shipped_qty, line.first_shipped_qty) for line in lines] == [
        (Decimal(3), Decimal(3), Decimal(3)),
        (Decimal(4), Decimal(4), Decimal(4)),
    ]
    assert all(line.promised_date is not None for line in lines)
    found = march()
    assert (found["perfect_order"].value, found["perfect_order"].count) == (Decimal("100.0"), 1)
    assert (found["backorder"].value, found["fill"].value) == (Decimal("0.0"), Decimal("100.0"))
    assert not Case.objects.exists()


def test_a_short_pick_opens_the_warehouses_case_and_the_order_is_not_finished_yet():
    world = stocked_world()
    sent = released(world, 10)
    (line,) = line_ids(sent.shipment_id)
    picked(sent, {line: Decimal(6)})
    confirm_shipment(shipment_id=sent.shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    drain(NOW)
    case = Case.objects.get(kind="short_pick")
    assert (case.queue.code, case.subject_kind, case.subject_id) == ("warehouse", "shipment", sent.shipment_id)
    assert case.resolve_by > NOW + timedelta(hours=1)
    assert march()["perfect_order"].count == 0
    assert LineMeasure.objects.get().shipped_qty == Decimal(6)
