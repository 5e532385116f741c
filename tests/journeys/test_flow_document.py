"""docs/flow.md tells one order's path. Here an order goes it, and the facts happen as written: in this order, no other."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings

from billing.models import Invoice
from billing.services.post_receipt import post_receipt
from config.flow import FLOW
from core.models import Job, OutboxFact
from core.testing import drain
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from integrations.services.receive_edi import Report, receive_edi
from inventory.models import StockBalance
from orders.models import Hold, Order
from tests.factories.flow import NOW, PICKER, breaches, stocked_world
from tests.factories.integrations import PartnerFactory
from tests.integrations.samples import file, po

pytestmark = pytest.mark.django_db

FACT = re.compile(r"`([A-Z]\w+)`")


def told() -> tuple[list[str], set[str]]:
    """(facts that always happen, in order; facts the document puts in brackets)."""
    text = (Path(settings.BASE_DIR) / "docs/flow.md").read_text()
    cells = [row.rsplit("|", 2)[1] for row in text.splitlines() if re.match(r"\| \d+ \|", row)]
    always = [name for cell in cells for name in FACT.findall(re.sub(r"\(.*?\)", "", cell))]
    sometimes = {name for cell in cells for part in re.findall(r"\((.*?)\)", cell) for name in FACT.findall(part)}
    return always, sometimes


def test_every_fact_the_document_names_is_in_the_flow():
    always, sometimes = told()
    assert {*always, *sometimes} <= {fact.__name__ for fact in FLOW}
    assert len(always) == 10


def test_a_purchase_order_goes_from_the_file_to_the_money_and_leaves_the_facts_the_document_tells():
    world = stocked_world(products=2)
    PartnerFactory(account=world.account, auto_submit=True, default_ship_to=world.ship_to)
    before = OutboxFact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    lines = [
        f"PO1*{n}*{qty}*EA*10**VN*{p.sku}" for n, (p, qty) in enumerate(zip(world.products, (5, 7), strict=True), 1)
    ]
    report = Report()
    receive_edi(
        name="po.edi",
        stream=BytesIO(file(po("PO-4711", "~".join(lines))).encode()),
        report=report,
        actor=PICKER,
        now=NOW,
    )
    assert (report.orders_created, report.quarantined) == (1, [])
    order = Order.objects.get(po_number="PO-4711")
    assert (order.status, order.total_amount) == ("submitted", 120)
    assert not Hold.objects.exists()
    drain(NOW)

    (outcome,) = release_orders(order_ids=[order.pk], actor=PICKER, now=NOW)
    assert outcome.refused == ()
    (shipment_id,) = outcome.shipment_ids
    confirm_pick(shipment_id=shipment_id, picks={}, actor=PICKER, now=NOW)
    confirm_shipment(shipment_id=shipment_id, carrier="UPS", tracking_number="1Z", actor=PICKER, now=NOW)
    drain(NOW)
    invoice = Invoice.objects.get()
    assert invoice.total_amount == 120
    post_receipt(
        account_id=world.account.pk,
        amount=invoice.total_amount,
        currency="USD",
        received_date=NOW.date(),
        reference="BANK-1",
        actor=PICKER,
        now=NOW,
    )
    drain(NOW)

    order.refresh_from_db()
    invoice.refresh_from_db()
    assert (order.status, invoice.status) == ("closed", "paid")
    assert sorted(StockBalance.objects.values_list("on_hand_qty", flat=True)) == [93, 95]
    always, sometimes = told()
    kinds = OutboxFact.objects.filter(pk__gt=before).order_by("pk").values_list("kind", flat=True)
    happened = [kind.split(".")[1] for kind in kinds]
    assert [f for f in dict.fromkeys(happened) if f not in sometimes] == always
    assert not Job.objects.exclude(state="done").exists()
    assert breaches() == []


def test_the_same_file_again_makes_no_second_order():
    world = stocked_world()
    PartnerFactory(account=world.account, auto_submit=True, default_ship_to=world.ship_to)
    data = file(po("PO-1", f"PO1*1*5*EA*10**VN*{world.products[0].sku}")).encode()
    report = Report()
    for name in ("a.edi", "b.edi"):
        receive_edi(name=name, stream=BytesIO(data), report=report, actor=PICKER, now=NOW)
    assert (report.orders_created, report.duplicates) == (1, 1)
    assert Order.objects.count() == 1
