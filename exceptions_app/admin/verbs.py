"""Every button of a case and its one service call; the screens of cases share them."""

from collections.abc import Callable
from datetime import timedelta

from django.http import HttpRequest

from accounts.queries import user_by_email
from core import clock
from core.actors import Actor
from core.errors import DomainError
from exceptions_app.queries import case_snapshots
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.assign_case import assign_case, hand_over
from exceptions_app.services.cancel_clock import cancel_clock
from exceptions_app.services.close_case import close_case
from exceptions_app.services.comment_case import comment_case
from exceptions_app.services.escalate_case import escalate_case
from exceptions_app.services.reopen_case import reopen_case
from exceptions_app.services.reset_clock import reset_clock
from exceptions_app.services.resolve_case import resolve_case
from exceptions_app.services.resume_case import resume_case
from exceptions_app.services.snooze_case import snooze_case
from exceptions_app.services.start_work import start_work
from exceptions_app.services.take_case import take_case
from exceptions_app.services.wait_for import wait_for

Verb = Callable[[int, HttpRequest, Actor], object]
NOTE = "note"
SNOOZE = timedelta(hours=4)

# Button → its one service call. The text a person typed arrives as `note`.
VERBS: dict[str, Verb] = {
    "take": lambda pk, request, actor: take_case(case_id=pk, actor=actor, now=clock.now()),
    "start": lambda pk, request, actor: start_work(case_id=pk, actor=actor, now=clock.now()),
    "wait": lambda pk, request, actor: wait_for(
        case_id=pk, waiting_for=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "resume": lambda pk, request, actor: resume_case(case_id=pk, actor=actor, now=clock.now()),
    "snooze": lambda pk, request, actor: snooze_case(
        case_id=pk, until=clock.now() + SNOOZE, actor=actor, now=clock.now()
    ),
    "comment": lambda pk, request, actor: comment_case(
        case_id=pk, text=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "resolve": lambda pk, request, actor: resolve_case(
        case_id=pk, note=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "close": lambda pk, request, actor: close_case(case_id=pk, actor=actor, now=clock.now()),
    "reopen": lambda pk, request, actor: reopen_case(
        case_id=pk, reason=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "assign": lambda pk, request, actor: assign_case(
        case_id=pk,
        user_id=user_by_email(request.POST.get("person", "")) or 0,
        note=request.POST.get(NOTE, ""),
        actor=actor,
        now=clock.now(),
    ),
    "hand_over": lambda pk, request, actor: hand_over(
        case_id=pk, queue=request.POST.get("queue", ""), note=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "escalate": lambda pk, request, actor: escalate_case(
        case_id=pk, note=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "reset": lambda pk, request, actor: reset_clock(
        case_id=pk, reason=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "cancel_clock": lambda pk, request, actor: cancel_clock(
        case_id=pk, reason=request.POST.get(NOTE, ""), actor=actor, now=clock.now()
    ),
    "apply": lambda pk, request, actor: apply_resolution(
        case_id=pk,
        code=request.POST.get("code", ""),
        actor=actor,
        now=clock.now(),
        key=request.POST.get("key", ""),
    ),
}
ASKED = "The case stays open: its history says what was asked, or what still stands in the way."
DONE = {
    "take": "The case is yours.",
    "start": "Work on the case has started.",
    "wait": "The case waits; its clock is paused.",
    "resume": "The clock runs again.",
    "snooze": "The case is hidden for four hours; its clock runs on.",
    "comment": "The comment was added.",
    "resolve": "The case is resolved.",
    "close": "The case is closed.",
    "reopen": "The case is open again.",
    "assign": "The case has its owner, who is told.",
    "hand_over": "The other team has the case.",
    "escalate": "The next one up has been told.",
    "reset": "The clock starts anew.",
    "cancel_clock": "The clock no longer counts.",
    "apply": "Done, and the case is resolved.",
}


def done(verb: str, case_id: int) -> str:
    """What a button did, in words; an action that only asked, or left something in the way, has not ended the case."""
    case = case_snapshots([case_id]).get(case_id) if verb == "apply" else None
    return ASKED if case is not None and case.is_live else DONE[verb]


def run(verb: str, case_id: int, request: HttpRequest, actor: Actor) -> str:
    """Do it; the words of its refusal, or nothing when it was done."""
    try:
        VERBS[verb](case_id, request, actor)
    except DomainError as refusal:
        return refusal.in_words
    return ""
