"""Transfers and counts, made as briefly as a test allows."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from catalog.models import Product
from exceptions_app.models import Case
from inventory.models import Site, StockBalance, TransferLine
from inventory.rules.transfers import Arrived, TransferLineSpec
from inventory.services.receive_transfer import receive_transfer
from inventory.services.request_transfer import request_transfer
from inventory.services.ship_transfer import ship_transfer
from tests.factories.inventory import NOW, PLANNER, TODAY

ETA = TODAY + timedelta(days=5)
_keys = count(1)


def requested(
    product: Product, source: Site, target: Site, qty: int, *, lot: str = "", expected: date = ETA
) -> tuple[int, int]:
    """(transfer, its one line)."""
    transfer_id = request_transfer(
        from_site_id=source.pk,
        to_site_id=target.pk,
        expected_date=expected,
        lines=[TransferLineSpec(product.pk, Decimal(qty), lot)],
        key=f"transfer {next(_keys)}",
        actor=PLANNER,
        now=NOW,
    )
    return transfer_id, TransferLine.objects.get(transfer_id=transfer_id).pk


def shipped(product: Product, source: Site, target: Site, qty: int, **fields: object) -> tuple[int, int]:
    transfer_id, line_id = requested(product, source, target, qty, **fields)
    ship_transfer(transfer_id=transfer_id, actor=PLANNER, now=NOW)
    return transfer_id, line_id


def arrive(transfer_id: int, came: Mapping[int, tuple[int, int]]) -> None:
    """{line: (good, damaged)}, all that has come so far."""
    arrived = {i: Arrived(Decimal(good), Decimal(damaged)) for i, (good, damaged) in came.items()}
    receive_transfer(transfer_id=transfer_id, arrived=arrived, actor=PLANNER, now=NOW)


def on_hand(product: Product, site: Site | None = None, status: str = "available") -> Decimal:
    rows = StockBalance.objects.filter(product=product, status=status)
    if site is not None:
        rows = rows.filter(site=site)
    return sum((b.on_hand_qty for b in rows), Decimal(0))


def live_cases(kind: str) -> list[Case]:
    return list(Case.objects.filter(kind=kind, status__in=["open", "assigned"]).order_by("id"))
