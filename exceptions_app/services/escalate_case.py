from datetime import datetime

from accounts.queries import escalation_chains
from core.actors import Actor
from core.errors import Refused
from core.uow import door_verb
from exceptions_app.services import moves
from exceptions_app.services.tell_people import Word, tell_people
from exceptions_app.severity import moved
from exceptions_app.states import NoticeKind, Severity


class NobodyAbove(Refused):
    template = "Nobody stands above {owner} of case {number}."
    remedy_template = "Assign it to a person, or hand it over to another team."


@door_verb
def escalate_case(*, case_id: int, note: str = "", actor: Actor, now: datetime) -> None:
    """Tell the next one up the owner's line (or the team's lead's) before the clock does, and make the case graver by one
    step. The owner and the clocks stay.

    Raises NotFound, CaseIsOver, NobodyAbove.
    """
    case = moves.locked_live(case_id)
    owner = case.assignee_id or case.queue.lead_id
    line = escalation_chains([owner], at=now).get(owner, []) if owner else []
    above = [person for person in line if person not in (owner, actor.user_id)]
    if not above:
        raise NobodyAbove(
            number=case.number, owner="the owner" if case.assignee_id else f"the lead of {case.queue.name}"
        )
    graver = moved(Severity(case.severity), 1)
    said = note.strip() or case.summary
    by_hand = case.raised_by_hand + (graver != case.severity)  # a step beyond the scale is none to take back
    moves.change(case, severity=graver, raised_by_hand=by_hand)
    moves.tell(case, "escalated by hand", actor=actor, now=now, note=said, data={"told": above[0], "severity": graver})
    word = f"{case.number} was escalated to you by {actor.label}: {said}"
    tell_people([Word(case.pk, above[0], NoticeKind.WARNING, word)], now=now, actor=actor)
