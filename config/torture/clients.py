"""The clients: processes of some threads each, forked from here; the one who started them kills some, as a machine might.

Every attempt is written down before it begins and when it ends, in a file of its thread: what a killed process did not
end is *in flight*, and what of that changes something is *ambiguous*, as it may have happened or not.
"""

import ctypes
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, connections

from config.torture.company import Company
from config.torture.steps import Client, do, draw
from core.errors import Busy, DomainError

FORK = multiprocessing.get_context("fork")
THREADS = 8  # of a process
PR_SET_PDEATHSIG = 1
READS = {"sweep", "work off"}  # repeated by anybody: nobody needs to know whether they happened
_inherited: list[Any] = []  # the parent's connections: dropping one would end the parent's session


@dataclass
class Tally:
    """How the attempts ended. `broken` are errors no client should ever see; `placed` the acknowledged orders' keys."""

    attempts: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    by_step: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    ambiguous: int = 0
    killed: int = 0
    broken: list[str] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    in_doubt: list[str] = field(default_factory=list)  # keys of orders that may have been placed


@dataclass
class _Process:
    process: Any
    first: int
    count: int


def torment(company: Company, *, seed: int, clients: int, seconds: float, folder: Path) -> Tally:
    """Let them loose for so many seconds, killing a process now and then and starting another in its place."""
    chance = random.Random(seed)
    until = time.monotonic() + seconds
    next_number, running, killed = 1, [], 0
    for size in _sizes(clients):
        running.append(_start(company, seed, next_number, size, until, folder))
        next_number += size
    pause = max(0.7, seconds / 8)
    while time.monotonic() + pause < until:
        time.sleep(chance.uniform(pause / 2, pause))
        victim = running.pop(chance.randrange(len(running)))
        if victim.process.is_alive():
            os.kill(victim.process.pid, signal.SIGKILL)
            killed += 1
        victim.process.join()
        running.append(_start(company, seed, next_number, victim.count, until, folder))
        next_number += victim.count
    for one in running:
        one.process.join(timeout=seconds + 60)
    tally = _counted(folder)
    tally.killed = killed
    tally.broken += [f"client process {p.first} ended with {p.process.exitcode}" for p in running if p.process.exitcode]
    return tally


def _sizes(clients: int) -> Iterator[int]:
    """At least two processes, so that one lives when another is killed."""
    each = min(THREADS, max(1, clients // 2))
    while clients > 0:
        yield min(each, clients)
        clients -= each


def _start(company: Company, seed: int, first: int, count: int, until: float, folder: Path) -> _Process:
    process = FORK.Process(target=_live, args=(company, seed, first, count, until, folder, os.getpid()), daemon=True)
    process.start()
    return _Process(process, first, count)


def _live(company: Company, seed: int, first: int, count: int, until: float, folder: Path, parent: int) -> None:
    """In the new process, which dies with its parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    for inherited in connections.all(initialized_only=True):
        _inherited.append(inherited.connection)
        inherited.connection = None
    threads = [
        threading.Thread(target=_client, args=(company, seed, number, until, folder))
        for number in range(first, first + count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _client(company: Company, seed: int, number: int, until: float, folder: Path) -> None:
    client = Client(company, number, random.Random(f"{seed}/{number}"))
    with (folder / f"{number}.log").open("a", buffering=1) as log:
        try:
            while time.monotonic() < until:
                step = draw(client)
                log.write(f"begin\t{client.begin()}\t{step.name}\n")
                log.write(f"end\t{client.key}\t{_ended(step, client)}\n")
        finally:
            connection.close()


def _ended(step: Any, client: Client) -> str:
    try:
        do(step, client)
    except Busy:
        return "busy"
    except DomainError:
        return "refused"
    except Exception as error:  # noqa: BLE001  no client should see another: the judge calls it a breach
        return f"broken {step.name}: {type(error).__name__} {' '.join(str(error).split())}"
    return "accepted"


def _counted(folder: Path) -> Tally:
    tally = Tally()
    for path in sorted(folder.glob("*.log")):
        steps: dict[str, str] = {}
        for line in path.read_text().splitlines():
            what, key, words = line.split("\t", 2)
            if what == "begin":
                steps[key] = words
            else:
                _count_ended(tally, key, steps.pop(key), words)
        for key, name in steps.items():
            _count_open(tally, key, name)
    return tally


def _count_ended(tally: Tally, key: str, name: str, outcome: str) -> None:
    tally.attempts += 1
    tally.by_step[name] += 1
    if outcome.startswith("broken"):
        tally.broken.append(outcome)
        return
    tally.ended[outcome] += 1
    if name == "place order" and outcome == "accepted":
        tally.placed.append(key)


def _count_open(tally: Tally, key: str, name: str) -> None:
    tally.attempts += 1
    tally.by_step[name] += 1
    tally.in_flight += 1
    if name not in READS:
        tally.ambiguous += 1
    if name == "place order":
        tally.in_doubt.append(key)
