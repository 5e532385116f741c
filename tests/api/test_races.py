from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from orders.models import Order
from tests.factories.doors import buyer_for, device_of
from tests.factories.orders import make_world

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

TOGETHER = 4


def test_four_phones_that_send_the_same_key_at_once_place_one_order():
    world = make_world(stock=100)
    user = buyer_for(world.account)
    devices = [device_of(user) for _ in range(TOGETHER)]
    sent = {"po_number": "PO-1", "lines": [{"sku": world.products[0].sku, "quantity": "12"}]}
    start = Barrier(TOGETHER, timeout=10)

    def place(device):
        try:
            start.wait()
            answer = device.post("/api/v1/orders", sent, headers={"Idempotency-Key": "the-one-key"})
            return answer.status_code, answer.json()["number"], answer.headers.get("Idempotency-Replayed")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TOGETHER) as threads:
        answers = list(threads.map(place, devices, timeout=60))
    assert {status for status, _, _ in answers} == {201}
    assert len({number for _, number, _ in answers}) == 1
    assert sorted(str(replayed) for _, _, replayed in answers) == ["None", "true", "true", "true"]
    assert Order.objects.count() == 1
