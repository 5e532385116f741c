"""From an 850 to a submitted order without a hand, where the profile says so; else a draft and a case."""

from datetime import timedelta
from io import BytesIO

import pytest

from core.actors import system
from exceptions_app.models import Case
from integrations.services.receive_edi import Report, receive_edi
from integrations.states import PartnerStatus
from orders.models import Order, OrderLine
from tests.factories.flow import breaches, stocked_world
from tests.factories.integrations import PartnerFactory
from tests.factories.orders import NOW
from tests.integrations.samples import file, po

pytestmark = pytest.mark.django_db


def receive(text):
    report = Report()
    receive_edi(name="in.edi", stream=BytesIO(text.encode()), report=report, actor=system("test"), now=NOW)
    return report


def partner(world, **changes):
    kept = {"account": world.account, "auto_submit": True, "default_ship_to": world.ship_to} | changes
    return PartnerFactory(**kept)


def a_line(world, qty=5, basis=""):
    return f"PO1*1*{qty}*EA*{basis}**VN*{world.products[0].sku}"


def test_a_clear_order_of_a_confirmed_partner_is_submitted_reserved_and_priced_by_us():
    world = stocked_world()
    partner(world)
    assert receive(file(po(lines=a_line(world)))).orders_created == 1
    order, line = Order.objects.get(), OrderLine.objects.get()
    assert (order.status, order.channel, line.qty) == ("submitted", "edi", 5)
    assert line.unit_price is not None
    assert line.demand_id is not None
    assert Case.objects.filter(kind__startswith="edi").count() == 0
    assert breaches() == []


@pytest.mark.parametrize("changes", [{"auto_submit": False}, {"status": PartnerStatus.UNCONFIRMED}])
def test_without_the_profile_saying_so_it_stays_a_draft(changes):
    world = stocked_world()
    partner(world, **changes)
    receive(file(po(lines=a_line(world))))
    assert Order.objects.get().status == "draft"


def test_a_blanket_order_and_one_with_an_unknown_part_stay_drafts():
    world = stocked_world()
    partner(world)
    receive(file(po(lines=a_line(world), beg="00*BK")))
    receive(file(po("PO2", lines=f"{a_line(world)}~PO1*2*1*EA*1**VN*GHOST"), control="000000002"))
    assert list(Order.objects.values_list("status", flat=True)) == ["draft", "draft"]
    assert list(Case.objects.filter(kind__startswith="edi").values_list("kind", flat=True)) == ["edi_unknown_part"]


def test_an_order_that_may_not_be_submitted_stays_a_draft_with_a_case_that_says_why():
    world = stocked_world()
    partner(world)
    late = (NOW - timedelta(days=30)).strftime("%Y%m%d")
    product = world.products[0]
    product.status = "discontinued"
    product.save()
    report = receive(file(po(lines=f"DTM*002*{late}~{a_line(world)}")))
    order = Order.objects.get()
    assert (report.orders_created, order.status) == (1, "draft")
    case = Case.objects.get(kind="edi_not_submitted")
    assert (case.subject_kind, case.subject_id) == ("order", order.pk)
    assert order.number in case.summary
