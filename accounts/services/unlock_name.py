"""Let a name that was locked after wrong passwords try again before its time."""

from datetime import datetime

from axes.utils import reset

from accounts.models import User
from core import journal
from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def unlock_name(*, name: str, actor: Actor, now: datetime) -> int:
    """Forget the wrong passwords counted for `name`, an e-mail address; how many rows that were. Unknown names too are
    counted and unlocked; the journal tells it of those that are somebody's."""
    forgotten = int(reset(username=name))
    user = User.objects.filter(email=name.lower()).first()
    if user is not None:
        entry = journal.Entry(DocumentRef("user", user.pk, user.email), "unlocked", f"user {user.email} unlocked")
        journal.write([entry], actor=actor, now=now)
    return forgotten
