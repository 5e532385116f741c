"""How far a replay is: an entry of the journal when it begins and one at the end of each day. Nothing else is kept.

What a broken-off day did is in the database as its own documents, so that day is simply done again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps

from config.replay.world import CLERK
from core import journal
from core.errors import Refused
from core.refs import DocumentRef
from core.uow import door_verb

REPLAY = DocumentRef("replay", 1, "replay")
LONGEST = 100_000  # days; more than any history has
OTHERS = ("accounts.Account", "catalog.Product", "orders.Order", "inventory.Site")


class OtherDataThere(Refused):
    template = "The database holds {what} that are no replay's: a replay starts in an empty one."
    remedy_template = "Use another database or data folder (OMS_DATA_DIR), or `./run reset`."


class AnotherReplay(Refused):
    template = "The database holds a replay with {name} {there}; asked was {asked}."
    remedy_template = "Go on with the same, or use another database or data folder (OMS_DATA_DIR)."


@dataclass(frozen=True)
class Done:
    """A day that is over: the controller's state after it, and the seconds its stages and all of it took."""

    day: date
    drift: float
    lines: int
    filled: int
    seconds: Mapping[str, float]
    elapsed: float


@dataclass(frozen=True)
class Progress:
    """`settings` None: nothing has begun. `is_open`: the company is set up. `days` in order."""

    settings: Mapping[str, Any] | None
    opening: Mapping[str, float]
    opening_elapsed: float
    is_open: bool
    days: tuple[Done, ...]

    @property
    def elapsed(self) -> float:
        return self.opening_elapsed + sum(done.elapsed for done in self.days)

    def seconds(self) -> dict[str, float]:
        total = dict(self.opening)
        for done in self.days:
            for stage, seconds in done.seconds.items():
                total[stage] = total.get(stage, 0.0) + seconds
        return total


def read_progress() -> Progress:
    settings, opening, opening_elapsed, is_open, days = None, {}, 0.0, False, []
    for item in reversed(journal.timeline(REPLAY, limit=LONGEST)):
        if item.verb == "began":
            settings = item.data
        elif item.verb == "opened":
            is_open, opening, opening_elapsed = True, _seconds(item.data), float(item.data["elapsed"])
        else:
            days.append(_done(item.data))
    return Progress(settings, opening, opening_elapsed, is_open, tuple(days))


def _done(data: Mapping[str, Any]) -> Done:
    day = date.fromisoformat(data["day"])
    return Done(day, float(data["drift"]), data["lines"], data["filled"], _seconds(data), float(data["elapsed"]))


def _seconds(data: Mapping[str, Any]) -> dict[str, float]:
    return {stage: float(seconds) for stage, seconds in data["seconds"].items()}


def require_ours(progress: Progress, settings: Mapping[str, Any]) -> None:
    """Raises AnotherReplay, OtherDataThere."""
    if progress.settings is not None:
        for name, asked in settings.items():
            if (there := progress.settings.get(name)) != asked:
                raise AnotherReplay(name=name.replace("_", " "), there=there, asked=asked)
        return
    for model in OTHERS:
        kind: Any = apps.get_model(model)
        if kind.objects.exists():
            raise OtherDataThere(what=str(kind._meta.verbose_name_plural))


@door_verb
def note(verb: str, summary: str, data: Mapping[str, Any], *, now: datetime) -> None:
    """`verb` "began", "opened" or "day"."""
    journal.write([journal.Entry(REPLAY, verb, summary, data)], actor=CLERK, now=now)


def spent_on(stages: Mapping[str, float], elapsed: float) -> dict[str, Any]:
    """As a note keeps it: seconds by stage, and by the clock on the wall (stages may run beside each other)."""
    return {"seconds": {stage: f"{spent:.4f}" for stage, spent in stages.items()}, "elapsed": f"{elapsed:.4f}"}
