"""Keep a site. One that is limited to so many lines a day in the middle of a day has handled some of them already."""

from datetime import datetime

from core.actors import Actor
from core.outbox import publish
from core.reference import write_reference
from core.uow import door_verb
from inventory.events import SiteLimited
from inventory.models import Site


@door_verb
def save_site(*, row: Site, actor: Actor, now: datetime) -> int:
    """Add or change one site; its id. Publishes SiteLimited where it had no limit a day and has one now: what was released
    to it today is counted within a second.

    Raises InvalidInput with every bad field at once.
    """
    was_limited = Site.objects.filter(pk=row.pk, lines_per_day__isnull=False).exists()
    write_reference(row=row, actor=actor, now=now)
    if row.lines_per_day is not None and not was_limited:
        publish(
            SiteLimited(int(row.pk)), stream=f"site:{row.pk}", seq=int(now.timestamp() * 1000), now=now, actor=actor
        )
    return int(row.pk)
