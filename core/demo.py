"""Whether this installation is a demo: said on every page, asked once per process.

A demo is made before its site starts (`seed_demo` refuses beside a running one), so the answer does not change while
a process lives, but for the one that makes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.http import HttpRequest

from core.models import DemoInstallation
from core.uow import require_uow


@dataclass(frozen=True)
class Demo:
    """See core.models.DemoInstallation."""

    scale: str
    seed: int
    as_of: datetime
    company: Mapping[str, Any]
    history_orders: int
    is_finished: bool


def installation() -> Demo | None:
    """What demo this database holds, or None. 1 SQL."""
    row = DemoInstallation.objects.first()
    if row is None:
        return None
    return Demo(row.scale, row.seed, row.as_of, row.company, row.history_orders, row.finished_at is not None)


@cache
def is_demo() -> bool:
    return installation() is not None


def badge(request: HttpRequest) -> list[str] | None:
    """What Unfold shows beside the brand: words and their colour."""
    return ["DEMO", "warning"] if is_demo() else None


def context(request: HttpRequest) -> dict[str, bool]:
    """For every template: `is_demo`."""
    return {"is_demo": is_demo()}


@require_uow
def begin(*, scale: str, seed: int, as_of: datetime, now: datetime) -> None:
    DemoInstallation.objects.create(scale=scale, seed=seed, as_of=as_of, started_at=now)
    is_demo.cache_clear()  # the process that makes it pays with the demo's test cards


@require_uow
def note_company(company: Mapping[str, Any]) -> None:
    """What an interrupted run needs to go on."""
    DemoInstallation.objects.update(company=company)


@require_uow
def note_history(orders: int) -> None:
    """How many orders of the history are committed with this transaction."""
    DemoInstallation.objects.update(history_orders=orders)


@require_uow
def finish(*, now: datetime) -> None:
    DemoInstallation.objects.update(finished_at=now)
