"""Every way in meets the same gates: nothing reaches the warehouse past credit, however it came."""

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from core.actors import system
from core.overrides import Reason
from core.testing import drain
from credit.models import CreditAccount
from fulfillment.models import Shipment
from fulfillment.services.answer_recall import accept_recall
from fulfillment.services.ask_recall import ask_recall
from fulfillment.services.release_orders import release_orders
from fulfillment.services.release_part import release_part
from integrations.services.receive_edi import Report, receive_edi
from inventory.services.allocate import allocate
from orders.admin.verbs import VERBS
from orders.models import Hold, Order
from orders.rules.asks import Part
from orders.services.capture import capture, capture_many
from orders.services.clear_hold import clear_hold
from orders.services.place import place
from orders.services.submit import submit, submit_many
from orders.states import Channel
from tests.factories.accounts import AssignmentFactory, RepFactory, UserFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.flow import PICKER, released, stocked_world
from tests.factories.integrations import PartnerFactory
from tests.factories.orders import CLERK, FINANCE, NOW, make_world
from tests.integrations.samples import file, po

ROOMS = (
    "accounts api billing catalog config credit exceptions_app fulfillment integrations inventory orders portal pricing"
)


def by_place(world, channel):
    place(replace(world.draft(50), channel=channel), actor=CLERK, now=NOW)


def by_batch(world, channel):
    drafts = [replace(world.draft(50), channel=channel, external_id=str(uuid4()))]
    submit_many([c.order_id for c in capture_many(drafts, actor=CLERK, now=NOW)], actor=CLERK, now=NOW)


def by_console(world, channel):
    draft = capture(replace(world.draft(50), channel=channel), actor=CLERK, now=NOW)
    assert "on hold" in VERBS["submit"](draft.order_id, {}, CLERK)


def by_api(world, channel):
    user = UserFactory(roles=["rep"])
    AssignmentFactory(account=world.account, rep=RepFactory(user=user))
    sent = {
        "po_number": "PO-9",
        "account": world.account.code,
        "lines": [{"sku": world.products[0].sku, "quantity": "50"}],
    }
    answer = device_of(user).post("/api/v1/orders", sent, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.json()


def by_portal(world, channel):
    form = {"text": f"{world.products[0].sku}\t50", "po_number": "PO-8", "key": str(uuid4())}
    assert browser_of(buyer_for(world.account)).post("/quick-order/place", form).status_code == 302


def by_copy(world, channel):
    """The same order once more, and a submit of what is submitted."""
    first = place(replace(world.draft(50), channel=channel), actor=CLERK, now=NOW)
    submit(order_id=first.order_id, actor=CLERK, now=NOW)
    place(replace(world.draft(50), channel=channel), actor=CLERK, now=NOW)


def by_again(world, channel):
    """What the customer ordered before, from the page that offers it again."""
    first = place(replace(world.draft(50), channel=channel), actor=CLERK, now=NOW)
    browser = browser_of(buyer_for(world.account))
    assert world.products[0].sku in browser.get(f"/quick-order/?again={first.number}").content.decode()
    form = {"text": f"{world.products[0].sku}\t50", "po_number": "PO-7", "key": str(uuid4())}
    assert browser.post("/quick-order/place", form).status_code == 302


def by_edi(world, channel):
    """A partner's file that submits by itself."""
    PartnerFactory(account=world.account, auto_submit=True, default_ship_to=world.ship_to)
    text = file(po(lines=f"PO1*1*50*EA***VN*{world.products[0].sku}"))
    receive_edi(name="in.edi", stream=BytesIO(text.encode()), report=Report(), actor=system("test"), now=NOW)
    assert Order.objects.get().status == "submitted"


WAYS = [(by_place, c) for c in Channel] + [
    (by_batch, Channel.IMPORT),
    (by_batch, Channel.EDI),
    (by_console, Channel.CONSOLE),
    (by_api, Channel.API),
    (by_portal, Channel.PORTAL),
    (by_copy, Channel.EDI),
    (by_again, Channel.PORTAL),
    (by_edi, Channel.EDI),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("way", "channel"), WAYS)
def test_an_order_over_the_limit_is_held_and_not_released_whatever_way_it_came(way, channel):
    world = make_world(limit=100, stock=1000)
    way(world, channel)
    drain(NOW)
    allocate(trigger_key="all", product_ids=None, actor=CLERK, now=NOW)
    ids = list(Order.objects.values_list("pk", flat=True))
    for outcome in release_orders(order_ids=ids, actor=CLERK, now=NOW):
        assert [r.gate for r in outcome.refused if r.gate == "credit"] == ["credit"]
    assert not release_part(order_id=ids[0], part=Part(), actor=FINANCE, now=NOW).is_released
    assert Hold.objects.filter(reason="credit", cleared_at__isnull=True).count() == len(ids)
    assert Shipment.objects.count() == 0


@pytest.mark.django_db
def test_what_the_warehouse_gave_back_meets_the_limit_of_now_when_it_goes_again():
    world = stocked_world(limit=100)
    sent = released(world, 6)
    note = "The customer called: wrong address"
    recall_id = ask_recall(shipment_id=sent.shipment_id, note=note, actor=CLERK, now=NOW)
    accept_recall(recall_id=recall_id, actor=PICKER, now=NOW)
    CreditAccount.objects.update(limit_amount=50)
    why = Reason("agreed", "The address is right now")
    clear_hold(hold_id=Hold.objects.get().pk, reason=why, actor=CLERK, now=NOW)
    (again,) = release_orders(order_ids=[sent.order_id], actor=PICKER, now=NOW)
    assert [r.message for r in again.refused] == ["Over by 10.00: this order 60 against 50 USD."]
    assert Shipment.objects.get().status == "cancelled"
    assert Hold.objects.get(cleared_at__isnull=True).reason == "credit"


def test_one_place_hands_stock_to_the_warehouse():
    """An order's claims are released by orders.release_lines alone, and that is called by fulfillment's release alone.

    Beside it only fill-ups of our own trunks and consignments leave a warehouse: they are no order, nobody owes for them.
    """
    root = Path(__file__).parents[2]
    callers: dict[str, set[str]] = {"release_claims(": set(), "release_lines(": set()}
    for room in ROOMS.split():
        for path in (root / room).rglob("*.py"):
            text = path.read_text()
            for verb, found in callers.items():
                if re.search(rf"(?<!def )\b{re.escape(verb)}", text):
                    found.add(str(path.relative_to(root)))
    fill_ups = "inventory/services/prepare_fill_ups.py"
    assert callers["release_claims("] == {"orders/services/release_lines.py", fill_ups}
    assert callers["release_lines("] == {"fulfillment/services/release_orders.py"}
