"""Every way in meets the same gates: nothing reaches the warehouse past credit, however it came."""

import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from core.testing import drain
from fulfillment.models import Shipment
from fulfillment.services.release_orders import release_orders
from fulfillment.services.release_part import release_part
from inventory.services.allocate import allocate
from orders.admin.verbs import VERBS
from orders.models import Hold, Order
from orders.rules.asks import Part
from orders.services.capture import capture, capture_many
from orders.services.place import place
from orders.services.submit import submit, submit_many
from orders.states import Channel
from tests.factories.accounts import AssignmentFactory, RepFactory, UserFactory
from tests.factories.doors import browser_of, buyer_for, device_of
from tests.factories.orders import CLERK, FINANCE, NOW, make_world

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


WAYS = [(by_place, c) for c in Channel] + [
    (by_batch, Channel.IMPORT),
    (by_batch, Channel.EDI),
    (by_console, Channel.CONSOLE),
    (by_api, Channel.API),
    (by_portal, Channel.PORTAL),
    (by_copy, Channel.EDI),
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
