"""The number of SQL statements does not grow with the lines; the import path keeps its pace."""

import time
from decimal import Decimal

import pytest

from orders.rules.asks import LineDraft
from orders.services.capture import capture_many
from tests.factories.orders import CLERK, NOW, make_world

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
    assert pace > 2_000  # a floor for a busy machine; alone it is above 10,000
