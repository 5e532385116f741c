"""The number of SQL statements does not grow with the lines; the import path keeps its pace."""

import time
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.services.allocate import allocate
from orders.models import Order
from orders.rules.asks import LineDraft
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import amend
from orders.services.capture import capture, capture_many
from orders.services.place import place
from orders.services.preview import preview
from orders.services.preview_amendment import preview_amendment
from orders.services.submit import submit
from tests.factories.orders import CLERK, NOW, later, make_world, release

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_the_import_path_captures_thousands_of_lines_a_second(capsys):
    world = make_world(products=20)
    drafts = [
        world.draft_of(
            [
                LineDraft(n, Decimal(n), product_id=p.pk, external_ref=f"{i}-{n}", stated_price=Decimal("9.99"))
                for n, p in enumerate(world.products, 1)
            ],
            external_id=f"X{i}",
            po_number="",
        )
        for i in range(200)
    ]
    started = time.perf_counter()
    capture_many(drafts, actor=CLERK, now=NOW)
    pace = 4_000 / (time.perf_counter() - started)
    with capsys.disabled():
        print(f"\ncapture_many: {pace:,.0f} lines/s")
    assert pace > 500  # a floor for a crowded machine; alone it is above 10,000


SIZES = (1, 10, 100, 500)


@pytest.fixture
def world():
    """500 products in stock, a price each: a draft of any size."""
    return make_world(products=max(SIZES), stock=1_000_000, limit=99_000_000)


def draft_of(world, size):
    return world.draft(*[3] * size)


def count(call):
    with CaptureQueriesContext(connection) as queries:
        call()
    return len([q for q in queries if not q["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))])


def test_previewing_takes_the_same_statements_and_writes_nothing(world, capsys):
    counts = [count(lambda n=n: preview(draft_of(world, n), actor=CLERK, now=NOW)) for n in SIZES]
    with capsys.disabled():
        print(f"\npreview: {counts}")
    assert len(set(counts)) == 1
    assert not Order.objects.exists()


def test_submitting_and_releasing_take_the_same_statements_for_any_number_of_lines(world, capsys):
    counts = {"submit": [], "release": []}
    for size in SIZES:
        order_id = capture(draft_of(world, size), actor=CLERK, now=NOW).order_id
        counts["submit"].append(count(lambda i=order_id: submit(order_id=i, actor=CLERK, now=NOW)))
        products = [p.pk for p in world.products[:size]]
        allocate(trigger_key=f"t{size}", product_ids=products, actor=CLERK, now=NOW)
        counts["release"].append(count(lambda i=order_id: release([i])))
    with capsys.disabled():
        print(f"\n{counts}")
    assert [len(set(c)) for c in counts.values()] == [1, 1]


def test_placing_takes_the_same_few_statements_for_1_10_100_and_500_lines(world, capsys):
    counts = [count(lambda n=n: place(draft_of(world, n), actor=CLERK, now=NOW)) for n in SIZES]
    with capsys.disabled():
        print(f"\nplace: {counts} statements for {SIZES} lines")
    assert len(set(counts)) == 1
    assert counts[0] <= 20  # the bar is 25


def test_amending_and_its_preview_take_the_same_statements_for_1_and_for_200_lines(world, capsys):
    """Every line changed, and a new one: down, up, another day."""
    counts = {"preview": [], "amend": []}
    for size in (1, 10, 200):
        order = place(draft_of(world, size), actor=CLERK, now=NOW)
        changed = [LineWish(n, Decimal(2 if n % 2 else 5)) for n in range(1, size + 1)]
        new = LineWish(qty=Decimal(1), product_id=world.products[-1].pk)
        lines = (*changed, new, *([LineWish(qty=Decimal(2), product_id=world.products[-2].pk)]))
        wish = Wish(lines, requested_date=later(7))
        version = Order.objects.get(pk=order.order_id).version
        counts["preview"].append(
            count(lambda o=order, w=wish: preview_amendment(order_id=o.order_id, wish=w, actor=CLERK, now=NOW))
        )
        counts["amend"].append(
            count(
                lambda o=order, w=wish, v=version: amend(
                    order_id=o.order_id, wish=w, expected_version=v, reason="it changed", actor=CLERK, now=NOW
                )
            )
        )
    with capsys.disabled():
        print(f"\n{counts}")
    assert counts["preview"][1] == counts["preview"][2]
    assert counts["amend"][1] == counts["amend"][2]  # of one line nothing is raised, so one question less is asked
    assert counts["amend"][0] <= counts["amend"][1] <= 60
