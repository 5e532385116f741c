"""How a case's clock reads to people: "1 h 20 min left", "4 h 33 min over", "paused"."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from exceptions_app.states import LIVE, CaseStatus, Clock


def duration(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


@dataclass(frozen=True)
class ShownClock:
    """The clock people look at: the next that runs out. `at` is when (nothing while none runs), `to` what until then is
    owed ("respond", "resolve"), `tone` ok, warn, bad or neutral."""

    words: str
    tone: str
    at: datetime | None = None
    to: str = ""


def shown_clock(
    *, status: str, breach_at: datetime | None, respond_by: datetime, is_answered: bool, now: datetime
) -> ShownClock:
    """The same on the desk, the case's page, in lists and beside documents. `breach_at` is stored with each change."""
    if status == CaseStatus.WAITING:
        return ShownClock("Paused", "neutral")
    if status not in LIVE:
        return ShownClock("Stopped", "neutral")
    if breach_at is None:
        return ShownClock("No clock", "neutral")
    to = Clock.RESPOND if not is_answered and breach_at == respond_by else Clock.RESOLVE
    if breach_at < now:
        return ShownClock(f"{duration(now - breach_at)} over", "bad", breach_at, to)
    left = breach_at - now
    return ShownClock(f"{duration(left)} left", "warn" if left < timedelta(hours=1) else "ok", breach_at, to)
