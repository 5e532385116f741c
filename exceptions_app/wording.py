"""How a case's clock reads to people: "1 h 20 min left", "4 h 33 min over", "paused"."""

from datetime import datetime, timedelta

from exceptions_app.states import LIVE, CaseStatus


def duration(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def clock(status: str, resolve_by: datetime, now: datetime) -> tuple[str, str]:
    """The words and the tone (ok, warn, bad, neutral) of a case's resolve clock."""
    if status == CaseStatus.WAITING:
        return "Paused", "neutral"
    if status not in LIVE:
        return "Stopped", "neutral"
    if resolve_by < now:
        return f"{duration(now - resolve_by)} over", "bad"
    left = resolve_by - now
    return f"{duration(left)} left", "warn" if left < timedelta(hours=1) else "ok"
