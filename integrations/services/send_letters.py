"""Send the letters about moved promises that are due, a mail at a time, so that a killed worker sends nothing twice.

A mail's letters are marked as being sent before the mail server hears of them, and as sent after: what a worker left in
between may have gone or not. It is not tried again by itself; a person who sees it as unsure decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.queries import names
from accounts.staff_queries import contacts
from core.errors import Refused
from core.uow import door_verb
from integrations.locks import take_due_letters
from integrations.models import PromiseLetter
from integrations.rules.letters import LONGEST_TRY, Move, folded, in_words, next_try, subject_of
from integrations.states import LetterState
from orders.standing_queries import standings

log = structlog.get_logger(__name__)

MOST = 500  # mails of one sweep
LOST_AFTER = timedelta(minutes=15)


@dataclass(frozen=True)
class SentLetters:
    mails: int = 0
    refused: int = 0
    moot: int = 0
    unsure: int = 0


class NotToBeSentAgain(Refused):
    template = "The letter about {order} is {state}: it is not sent again."
    remedy_template = "Only a letter that is unsure or was refused can be."


def send_letters(*, now: datetime, limit: int = MOST) -> SentLetters:
    """Up to `limit` mails: one an order for who wants them at once, one in all for who wants a digest."""
    unsure = mark_lost(now=now)
    mails = refused = moot = 0
    for _ in range(limit):
        letters = begin_mail(now=now)
        if not letters:
            break
        told = [(letter, folded(letter.moves)) for letter in letters]
        empty = [letter.pk for letter, moves in told if not moves]
        end_mail(letter_ids=empty, state=LetterState.MOOT, now=now)
        moot += len(empty)
        told = [(letter, moves) for letter, moves in told if moves]
        if told and _send(told, now):
            mails += 1
        elif told:
            refused += 1
    return SentLetters(mails, refused, moot, unsure)


def _send(told: Sequence[tuple[PromiseLetter, Sequence[Move]]], now: datetime) -> bool:
    letters = [letter for letter, _ in told]
    try:
        mail = _mail(told)
        if mail is not None:
            mail.send()
    except Exception as error:  # whatever the server or the address says is this mail's alone: kept and tried again
        log.exception("letter_refused", letters=[letter.pk for letter in letters])
        put_back(letter_ids=[x.pk for x in letters], attempts=letters[0].attempts + 1, problem=str(error), now=now)
        return False
    why = "" if mail else "who it was for may no longer sign in or has no address"
    state = LetterState.SENT if mail else LetterState.REFUSED
    end_mail(letter_ids=[letter.pk for letter in letters], state=state, now=now, problem=why)
    return mail is not None


@door_verb
def begin_mail(*, now: datetime) -> list[PromiseLetter]:
    """The letters of the next mail, marked as being sent and committed before anything leaves."""
    ids = take_due_letters(now)
    return list(PromiseLetter.objects.filter(pk__in=ids).order_by("order_number", "pk")) if ids else []


@door_verb
def end_mail(*, letter_ids: Sequence[int], state: LetterState, now: datetime, problem: str = "") -> int:
    rows = PromiseLetter.objects.filter(pk__in=letter_ids, state=LetterState.SENDING)
    return rows.update(state=state, ended_at=now, problem=problem) if letter_ids else 0


@door_verb
def put_back(*, letter_ids: Sequence[int], attempts: int, problem: str, now: datetime) -> None:
    """Tried again later, five times in all. Where a newer letter to the same person about the same order waits, its
    moves join that one's."""
    state = LetterState.REFUSED if attempts >= LONGEST_TRY else LetterState.WAITING
    rows = PromiseLetter.objects.filter(pk__in=letter_ids, state=LetterState.SENDING)
    for letter in rows.order_by("pk"):
        newer = PromiseLetter.objects.filter(
            order_id=letter.order_id, user_id=letter.user_id, state=LetterState.WAITING
        ).first()
        if state == LetterState.WAITING and newer is not None:
            newer.moves = [*letter.moves, *newer.moves]
            newer.save(update_fields=["moves"])
            letter.state, letter.ended_at = LetterState.MOOT, now
        else:
            letter.state, letter.due_at = state, next_try(attempts, now=now)
        letter.attempts, letter.problem = attempts, problem[:300]
        letter.save(update_fields=["state", "due_at", "ended_at", "attempts", "problem"])


@door_verb
def mark_lost(*, now: datetime) -> int:
    """What a killed worker left half sent, as unsure: how many."""
    lost = PromiseLetter.objects.filter(state=LetterState.SENDING, began_at__lt=now - LOST_AFTER)
    return lost.update(state=LetterState.UNSURE, problem="the worker ended while it was being sent: it may have gone")


@door_verb
def send_again(*, letter_id: int, now: datetime) -> None:
    """A person decides that a letter goes once more. Raises NotToBeSentAgain."""
    again = (LetterState.UNSURE, LetterState.REFUSED)
    letter = PromiseLetter.objects.filter(pk=letter_id).first()
    waits = letter and PromiseLetter.objects.filter(
        order_id=letter.order_id, user_id=letter.user_id, state=LetterState.WAITING
    )
    if letter is None or letter.state not in again or (waits and waits.exists()):
        state = "followed by a newer one" if letter and letter.state in again else letter.state if letter else "gone"
        raise NotToBeSentAgain(order=letter.order_number if letter else letter_id, state=state)
    PromiseLetter.objects.filter(pk=letter_id, state__in=again).update(
        state=LetterState.WAITING, due_at=now, attempts=0, problem=""
    )


def _mail(told: Sequence[tuple[PromiseLetter, Sequence[Move]]]) -> EmailMultiAlternatives | None:
    """None: nobody is there to read it."""
    first = told[0][0]
    people = contacts([first.user_id])
    if first.user_id not in people:
        return None
    subject = subject_of([(letter.order_number, moves) for letter, moves in told])
    known, far = names({x.account_id for x, _ in told}), standings({x.order_id for x, _ in told})
    shown = {
        "subject": subject, "name": people[first.user_id][0], "is_rep": first.is_rep,
        "orders": [_order(letter, moves, known, far[letter.order_id].words) for letter, moves in told],
        "choose_url": settings.PUBLIC_URL.rstrip("/") + reverse("portal:notices"),
    }  # fmt: skip
    thread = f"<order-{first.order_id}@holdfast>"
    mail = EmailMultiAlternatives(
        subject,
        render_to_string("email/promise_letter.txt", shown),
        to=[people[first.user_id][1]],
        headers={
            "Message-ID": f"<promise-letter-{first.pk}-{first.attempts}@holdfast>", "References": thread,
            "Auto-Submitted": "auto-generated",
        },
    )  # fmt: skip
    mail.attach_alternative(render_to_string("email/promise_letter.html", shown), "text/html")
    return mail


def _order(letter: PromiseLetter, moves: Sequence[Move], known: Mapping[int, str], far: str) -> dict[str, object]:
    """`far` is how far the order is now, in the words its page says it with."""
    path = reverse("portal:options", args=[letter.order_number])
    return {
        "number": letter.order_number, "far": far, "po_number": letter.po_number,
        "customer": known.get(letter.account_id, ""),
        "moves": [{"words": in_words(move), "why": move.cause, "is_later": move.is_later} for move in moves],
        "url": settings.PUBLIC_URL.rstrip("/") + path,
    }  # fmt: skip
