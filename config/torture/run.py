"""Torture the stock: a company, the clients, the drain, the judgement."""

import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection

from config.torture import judge
from config.torture.clients import Tally, torment
from config.torture.company import lift_pools, open_company, require_empty
from core import clock
from core.quantity import plain


@dataclass(frozen=True)
class Verdict:
    tally: Tally
    oversold: Decimal
    undersold: Decimal
    deadlocks: int
    breaches: list[str]

    @property
    def is_clean(self) -> bool:
        return not (self.oversold or self.undersold or self.deadlocks or self.breaches)

    def as_json(self) -> dict[str, Any]:
        ended = self.tally.ended
        return {
            "attempts": self.tally.attempts,
            "accepted": ended["accepted"],
            "refused": ended["refused"],
            "busy": ended["busy"],
            "in_flight": self.tally.in_flight,
            "ambiguous": self.tally.ambiguous,
            "killed": self.tally.killed,
            "oversold": plain(self.oversold),
            "undersold": plain(self.undersold),
            "deadlocks": self.deadlocks,
            "breaches": self.breaches,
            "steps": dict(self.tally.by_step),
        }


def torture_stock(*, seed: int, clients: int, seconds: float) -> Verdict:
    """On an empty database (raises OtherDataThere). Oversold is looked at before the drain, too; what lies while
    somebody waits after the pools have ended, because until then it may be kept."""
    require_empty()
    company = open_company(now=clock.db_now())
    connection.close()  # children must not share it
    before = judge.deadlocks()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        tally = torment(company, seed=seed, clients=clients, seconds=seconds, folder=Path(folder))
    oversold = judge.oversold()
    judge.drain(clock.db_now())
    oversold = max(oversold, judge.oversold())
    breaches = [*tally.broken, *judge.breaches(tally.placed, tally.in_doubt)]
    lift_pools(now=clock.db_now())
    judge.drain(clock.db_now())
    return Verdict(
        tally,
        max(oversold, judge.oversold()),
        judge.undersold(),
        judge.deadlocks() - before,
        breaches + [b for b in judge.breaches((), ()) if b not in breaches],
    )
