"""What reference data said before: each change and removal keeps the row it replaced (the row itself is the latest).

Inserts keep nothing, so that making a hundred thousand rows costs what it cost without history.
"""

from typing import TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=type[models.Model])


def keep_history(model: M) -> M:
    """Class decorator: `<Model>Event` rows by trigger, whoever writes."""
    changed = pghistory.UpdateEvent("changed", row=pghistory.Old)
    removed = pghistory.DeleteEvent("removed", row=pghistory.Old)
    tracked: M = pghistory.track(changed, removed)(model)
    return tracked
