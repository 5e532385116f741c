"""Clients as processes, medians with min and max, and what machine and revision it was."""

import multiprocessing
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

# Forked clients share the loaded modules; each opens its own connection.
FORK = multiprocessing.get_context("fork")
BATCH = 200  # orders or shipments in one transaction of w6 and w7


@dataclass(frozen=True)
class Sample:
    """One client's work: how many it did in how many seconds, and how long each took."""

    done: int
    seconds: float
    times: tuple[float, ...] = ()


def run_clients(
    count: int, work: Callable[[int, Any], Sample], warm_up: Callable[[int], Any] = lambda number: None
) -> list[Sample]:
    """Start `count` processes together and gather their samples.

    Each connects, does `warm_up(client number)`, waits for the others, then does `work(client number, warmed)`.
    """
    connection.close()
    barrier, results = FORK.Barrier(count), FORK.Queue()
    processes = [FORK.Process(target=_client, args=(n, barrier, results, work, warm_up)) for n in range(count)]
    for process in processes:
        process.start()
    samples = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    failed = [s for s in samples if isinstance(s, str)]
    if failed:
        raise RuntimeError(failed[0])
    return samples


def _client(
    number: int, barrier: Any, results: Any, work: Callable[[int, Any], Sample], warm_up: Callable[[int], Any]
) -> None:
    connection.close()
    try:
        connection.ensure_connection()
        warmed = warm_up(number)
        barrier.wait(timeout=300)
        results.put(work(number, warmed))
    except Exception as error:  # told to the parent, which stops the run
        results.put(f"client {number}: {type(error).__name__}: {error}")
    finally:
        connection.close()


def repeat_for(seconds: float, once: Callable[[], Any]) -> Sample:
    """Call `once` until the time is up."""
    done, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < seconds:
        once()
        done += 1
    return Sample(done, elapsed)


def rate(samples: Sequence[Sample]) -> float:
    return sum(s.done for s in samples) / max(s.seconds for s in samples)


def p95(samples: Sequence[Sample]) -> float:
    """Milliseconds that 95 of 100 calls stayed under."""
    times = sorted(t for s in samples for t in s.times)
    return times[int(len(times) * 0.95)] * 1000


@dataclass(frozen=True)
class Spread:
    """Median and range of a figure over the runs."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))

    def text(self) -> str:
        return f"{self.median:,.1f} ({self.low:,.1f}–{self.high:,.1f})"


def machine() -> dict[str, Any]:
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        version, fsync, durable = cursor.fetchone()
    return {
        "cores": os.cpu_count(),
        "machine": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": version,
        "fsync": fsync,
        "synchronous_commit": durable,
        "revision": revision.stdout.strip() or "unknown",
    }
