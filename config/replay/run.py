"""A replay from its first day, or from where it stopped, to its last."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from time import perf_counter

from django.db import connection

from config.replay import masters, stock
from config.replay.chance import Chance
from config.replay.controller import Controller, fit, totals
from config.replay.day import live
from config.replay.demand import OPENING_DAYS, Demand
from config.replay.history import History, HistoryDay
from config.replay.lanes import Lanes
from config.replay.progress import Progress, note, read_progress, require_ours, spent_on
from config.replay.report import Report, report
from config.replay.stages import Stages
from config.replay.world import MORNING, World, at
from core.errors import Refused
from core.periods import Period

ONE_AT_A_TIME = 0x7265706C61  # "repla"


class AlreadyRunning(Refused):
    template = "A replay is running in this database."
    remedy_template = "Wait until it is done, or stop it; then start again to go on from there."


@dataclass(frozen=True)
class Asked:
    """What the caller chose. `start` None: the file's first day. `lanes`: processes; they change the time, no figure."""

    until: date
    service_level: float = 0.95
    seed: int = 1
    start: date | None = None
    lanes: int = 1


Tell = Callable[[date, int, int], None]  # the day that is over, days done, days in all


def replay(history: History, asked: Asked, *, tell: Tell = lambda day, done, all_: None) -> Report:
    """Raises NothingToReplay, OtherDataThere, AnotherReplay, AlreadyRunning."""
    with _alone():
        settings = _settings(history, asked)
        progress = read_progress()
        require_ours(progress, settings)
        days = history.calendar(asked.start, asked.until)
        world = _world(history, asked, days, progress)
        try:
            _begin(world, days, progress, settings)
            _go_on(world, days, {done.day for done in progress.days}, tell)
        finally:
            world.lanes.close()
        return report(read_progress())


def _begin(world: World, days: Sequence[HistoryDay], progress: Progress, settings: Mapping[str, object]) -> None:
    if progress.settings is None:
        note("began", f"Replay of {world.history.name} began", settings, now=_before(days))
    if not progress.is_open:
        _open(world, days)
    else:
        masters.find_masters(world)


def _settings(history: History, asked: Asked) -> dict[str, object]:
    return {
        "file": history.digest,
        "seed": asked.seed,
        "service_level": str(asked.service_level),
        "start": asked.start.isoformat() if asked.start else "",
    }


def _world(history: History, asked: Asked, days: Sequence[HistoryDay], progress: Progress) -> World:
    """As it stands after the days that are done. The first weeks are the file's, wherever the replay is to end."""
    opening = _opening(history, days[0].day)
    demand = Demand.opened([totals(day.lines) for day in opening], len(opening))
    controller = Controller(asked.service_level, fit(asked.service_level, [day.lines for day in opening]))
    if progress.days:
        last = progress.days[-1]
        controller.drift, controller.lines, controller.filled = last.drift, last.lines, last.filled
    world = World(history, Chance(asked.seed), demand, controller, Lanes(asked.lanes))
    done = {d.day for d in progress.days}
    for day_no, day in enumerate(days):
        if day.day in done:
            for sku, _ in day.lines:
                if sku not in demand.by_sku:
                    demand.launch(sku, controller.cover)
            demand.learn(day_no, totals(day.lines))
    return world


def _opening(history: History, first: date) -> list[HistoryDay]:
    last = min(first + timedelta(days=OPENING_DAYS - 1), history.selling[-1])
    return history.calendar(first, last)


def _before(days: Sequence[HistoryDay]) -> datetime:
    return at(days[0].day - timedelta(days=1), MORNING)


def _open(world: World, days: Sequence[HistoryDay]) -> None:
    """The day before: the company, its customers, its products and what lies on the shelf. Safe to do twice."""
    now, began = _before(days), perf_counter()
    with world.stages.stage("masters"):
        masters.open_company(world, now=now)
        masters.open_accounts(world, now=now)
        opening = _opening(world.history, days[0].day)
        masters.list_products(world, opening, now=now)
    with world.stages.stage("receipts"):
        shelf = world.demand.opening_stock(world.controller.cover)
        stock.put_on_shelf(world, shelf, why="opening_stock", now=now)
    spent = spent_on(world.stages.seconds, perf_counter() - began)
    note("opened", "Accounts, products, prices and stock are there", spent, now=now)


def _go_on(world: World, days: Sequence[HistoryDay], done: set[date], tell: Tell) -> None:
    period = Period(days[0].day, days[-1].day + timedelta(days=1))
    for day_no, (day, following) in enumerate(pairwise([*days, None])):
        if day is None or day.day in done:
            continue
        world.stages, began = Stages(), perf_counter()
        live(world, day, day_no, period, following)
        _note_done(world, day, perf_counter() - began)
        tell(day.day, day_no + 1, len(days))


def _note_done(world: World, day: HistoryDay, elapsed: float) -> None:
    c = world.controller
    data = {
        "day": day.day,
        "drift": repr(c.drift),
        "lines": c.lines,
        "filled": c.filled,
        **spent_on(world.stages.seconds, elapsed),
    }
    note("day", f"{day.day} replayed: {len(day.sales)} lines", data, now=at(day.day, MORNING))


@contextmanager
def _alone() -> Iterator[None]:
    """Two replays in one database would each do half of every day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        (taken,) = cursor.fetchone()
    if not taken:
        raise AlreadyRunning
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
