"""Processes that share a stage's work, as a site's workers do. Only what commutes is given to them, so that a replay gives
the same figures with one lane and with many.

A lane is forked from the replay, has its own connection, and ends with it.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connections

from config.replay.stages import Stages

Task = Callable[[], Stages]  # a partial of a function of a module: it has to be sent to another process
PR_SET_PDEATHSIG = 1
_inherited: list[Any] = []  # the parent's: dropping one would end the parent's session


class Lanes:
    """`count` 1: everything in this process, in the order given."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.pool = _pool(count) if count > 1 else None

    def run(self, stages: Stages, *tasks: Task) -> None:
        """All of them; returns when all are done. The first that failed is raised then."""
        if self.pool is None or len(tasks) == 1:
            for task in tasks:
                stages.add(task())
            return
        with self.beside(stages, *tasks):
            pass

    @contextmanager
    def beside(self, stages: Stages, *tasks: Task) -> Iterator[None]:
        """The tasks in other lanes while the body runs in this one; with one lane before it."""
        if self.pool is None:
            self.run(stages, *tasks)
            yield
            return
        asked: list[Future[Stages]] = [self.pool.submit(task) for task in tasks]
        try:
            yield
        finally:
            ended = [future.exception() for future in asked]
        for failure in ended:
            if failure is not None:
                raise failure
        for future in asked:
            stages.add(future.result())

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown()


def _pool(count: int) -> ProcessPoolExecutor:
    forked = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(count, mp_context=forked, initializer=partial(_begin_lane, os.getpid()))


def _begin_lane(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before it could be noticed
    for connection in connections.all(initialized_only=True):
        _inherited.append(connection.connection)
        connection.connection = None
