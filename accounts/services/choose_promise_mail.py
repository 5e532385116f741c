"""Say how one wants to be told of promises that move."""

from datetime import datetime

from accounts.models import Buyer, Rep
from accounts.states import PromiseMail
from core import journal
from core.actors import Actor
from core.choices import words
from core.refs import DocumentRef
from core.uow import door_verb


@door_verb
def choose_promise_mail(*, user_id: int, mail: PromiseMail, actor: Actor, now: datetime) -> int:
    """For everything the person buys or sells; how many rows changed. Said again, nothing changes."""
    changed = sum(
        model.objects.filter(user_id=user_id).exclude(promise_mail=mail).update(promise_mail=mail)
        for model in (Buyer, Rep)
    )
    if changed:
        text = f"mail about moved promises: {words(mail)}"
        journal.write(
            [journal.Entry(DocumentRef("user", user_id), "changed", text, {"promise_mail": str(mail)})],
            actor=actor, now=now,
        )  # fmt: skip
    return changed
