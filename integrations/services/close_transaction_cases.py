"""A set that was kept aside went through after all: its cases resolve themselves."""

from datetime import datetime

from core.actors import Actor
from core.refs import DocumentRef
from core.uow import door_verb
from exceptions_app.services.close_causes import close_causes


@door_verb
def close_transaction_cases(*, subject: DocumentRef, kind: str, actor: Actor, now: datetime) -> None:
    close_causes(kind, subject, None, now=now, actor=actor, why="The transaction was replayed and accepted.")
