"""The override log: who set which rule aside, why, what it cost, who approved. Append-only and sealed by a
hash chain.

Entries are written in the override's own transaction and sealed a moment later (chaining inside the
transaction would make every override wait for every other). `verify` finds any edit, deletion or insertion.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, transaction

from core import codec
from core.actors import Actor
from core.chain import GENESIS, Head, Link, Walk
from core.chain import digest as chain_digest
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.models import OverrideEntry, OverrideReview, OverrideSeal
from core.refs import DocumentRef
from core.uow import door_verb, require_uow

SHORTEST_REASON = 10
_LATER = ("account_id",)  # columns younger than the log: entries sealed without them keep their hash
_SEAL_LOCK = 4_720_001  # advisory: one sealer at a time


class ReasonTooShort(Refused):
    status = 422
    template = "An override needs a reason of at least ten characters."
    remedy_template = "Say what was asked, by whom and why it is right."


class SelfApproval(Refused):
    status = 403
    template = "{actor} asked for this override and cannot approve it."
    remedy_template = "Ask a second person with the authority."


@dataclass(frozen=True)
class Reason:
    """`code` from the room's list (filters, leakage report), `note` in people's words."""

    code: str
    note: str


@require_uow
def record(
    *,
    kind: str,
    subject: DocumentRef,
    actor: Actor,
    reason: Reason,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
    money_effect: Decimal | None = None,
    currency: str = "",
    approval_id: int | None = None,
    approver: Actor | None = None,
    expires_at: datetime | None = None,
    account_id: int | None = None,
) -> int:
    """Append one entry in the override's transaction and return its id.

    `money_effect` < 0 is money given away; `account_id` is the customer it was given to.
    """
    if len(reason.note.strip()) < SHORTEST_REASON:
        raise ReasonTooShort(given=len(reason.note.strip()))
    if approver and approver.user_id is not None and approver.user_id == actor.user_id:
        raise SelfApproval(actor=actor.label)
    entry = OverrideEntry.objects.create(
        kind=kind,
        subject_kind=subject.kind,
        subject_id=subject.id,
        subject_number=subject.number,
        at=now,
        actor_id=actor.user_id,
        actor_label=actor.label,
        actor_roles=",".join(sorted(actor.roles)),
        on_behalf_of=actor.on_behalf_of,
        ip=actor.ip,
        request_id=actor.request_id,
        reason_code=reason.code,
        reason=reason.note.strip(),
        before=codec.dump(before),
        after=codec.dump(after),
        money_effect=money_effect,
        currency=currency,
        approval_id=approval_id,
        approver_id=approver.user_id if approver else None,
        approver_label=approver.label if approver else "",
        expires_at=expires_at,
        account_id=account_id,
    )
    return entry.pk


def is_recorded(*, approval_id: int, subject: DocumentRef) -> bool:
    """Whether what this approval is for has been done: each that is done under one names it in its entry."""
    return OverrideEntry.objects.filter(
        subject_kind=subject.kind, subject_id=subject.id, approval_id=approval_id
    ).exists()


@door_verb
def review(*, entry_id: int, verdict: str, note: str, actor: Actor, now: datetime) -> int:
    """Finance's verdict on an entry: "ok", "follow_up" or "train".

    Raises InvalidInput (another verdict), NotFound, SelfApproval (who asked or approved).
    """
    if verdict not in OverrideReview.Verdict.values:
        words = f"{verdict[:40]!r} is no verdict."
        raise InvalidInput([FieldError("/verdict", "unknown_verdict", words, "Choose OK, follow up or train.")])
    entry = OverrideEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NotFound(kind="override", ident=entry_id)
    if actor.user_id is not None and actor.user_id in (entry.actor_id, entry.approver_id):
        raise SelfApproval(actor=actor.label)
    return OverrideReview.objects.create(
        entry=entry,
        verdict=OverrideReview.Verdict(verdict),
        note=note,
        at=now,
        reviewer_id=actor.user_id,
        reviewer_label=actor.label,
    ).pk


def seal_pending(*, now: datetime, limit: int = 1000) -> int:
    """Seal entries that have no seal yet, in id order; the number sealed.

    Safe to run twice and at the same time.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEAL_LOCK])
        last = OverrideSeal.objects.order_by("-position").first()
        position, previous = (last.position, last.hash) if last else (0, GENESIS)
        seals = []
        for entry in OverrideEntry.objects.filter(seal=None).order_by("pk")[:limit]:
            digest = chain_digest(previous, body_of(entry))
            position += 1
            seals.append(
                OverrideSeal(position=position, entry=entry, previous_hash=previous, hash=digest, sealed_at=now)
            )
            previous = digest
        OverrideSeal.objects.bulk_create(seals)
        return len(seals)


@dataclass(frozen=True)
class Verification:
    """`problems` is empty when the chain is whole; `head` is to be kept somewhere else, to compare with
    later.
    """

    sealed: int
    unsealed: int
    head: str
    problems: tuple[str, ...]


def verify(*, from_head: str | None = None, kept: Head | None = None) -> Verification:
    """Walk the chain. With a head that was exported earlier (`kept`, or only its hash), also prove that it is still part
    of the chain."""
    if kept is None and from_head:
        kept = Head(0, from_head)
    walk = Walk(kept).over(_links())
    unsealed = OverrideEntry.objects.filter(seal=None).count()
    return Verification(walk.count, unsealed, walk.head, tuple(walk.problems))


def _links() -> Iterator[Link]:
    for seal, entry in _sealed():
        body = None if entry is None else body_of(entry)
        yield Link(seal.position, seal.entry_id, seal.previous_hash, seal.hash, body)


def _sealed() -> Iterator[tuple[OverrideSeal, OverrideEntry | None]]:
    """The seals in order, each with its entry, or None where that is gone."""
    seals = OverrideSeal.objects.order_by("position").iterator(chunk_size=1000)
    while chunk := list(islice(seals, 1000)):
        entries = OverrideEntry.objects.in_bulk([seal.entry_id for seal in chunk])
        yield from ((seal, entries.get(seal.entry_id)) for seal in chunk)


def body_of(entry: OverrideEntry) -> str:
    """The entry as it is sealed: its columns by name, as JSON without spaces."""
    values = {f.attname: getattr(entry, f.attname) for f in OverrideEntry._meta.concrete_fields}
    for name in _LATER:
        if values[name] is None:
            del values[name]
    return json.dumps(codec.dump(values), sort_keys=True, separators=(",", ":"))
