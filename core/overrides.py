"""The override log: who set which rule aside, why, what it cost, who approved. Append-only and sealed by a
hash chain.

Entries are written in the override's own transaction and sealed a moment later (chaining inside the
transaction would make every override wait for every other). `verify` finds any edit, deletion or insertion.
"""

import hashlib
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
from core.errors import NotFound, Refused
from core.models import OverrideEntry, OverrideReview, OverrideSeal
from core.refs import DocumentRef
from core.uow import door_verb, require_uow

GENESIS = "0" * 64
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
) -> int:
    """Append one entry in the override's transaction and return its id.

    `money_effect` < 0 is money given away.
    """
    if len(reason.note.strip()) < 10:
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
    )
    return entry.pk


@door_verb
def review(*, entry_id: int, verdict: str, note: str, actor: Actor, now: datetime) -> int:
    """Finance's verdict on an entry: "ok" or "follow_up"."""
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
            digest = _digest(previous, entry)
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


def verify(*, from_head: str | None = None) -> Verification:
    """Walk the chain. With `from_head`, also prove that a head exported earlier is still part of it."""
    problems: list[str] = []
    previous, expected, heads = GENESIS, 1, {GENESIS}
    for seal, entry in _sealed():
        if seal.position != expected:
            problems.append(f"seal {expected} is missing")
        if seal.previous_hash != previous:
            problems.append(f"seal {seal.position} does not continue the chain")
        if entry is None:
            problems.append(f"override {seal.entry_id} was deleted after it was sealed")
        elif seal.hash != _digest(seal.previous_hash, entry):
            problems.append(f"override {seal.entry_id} was changed after it was sealed")
        previous, expected = seal.hash, seal.position + 1
        heads.add(seal.hash)
    if from_head and from_head not in heads:
        problems.append(f"the exported head {from_head[:12]}… is no longer in the chain: its end was cut off")
    unsealed = OverrideEntry.objects.filter(seal=None).count()
    return Verification(expected - 1, unsealed, previous, tuple(problems))


def _sealed() -> Iterator[tuple[OverrideSeal, OverrideEntry | None]]:
    """The seals in order, each with its entry, or None where that is gone."""
    seals = OverrideSeal.objects.order_by("position").iterator(chunk_size=1000)
    while chunk := list(islice(seals, 1000)):
        entries = OverrideEntry.objects.in_bulk([seal.entry_id for seal in chunk])
        yield from ((seal, entries.get(seal.entry_id)) for seal in chunk)


def _digest(previous: str, entry: OverrideEntry) -> str:
    values = {f.attname: getattr(entry, f.attname) for f in OverrideEntry._meta.concrete_fields}
    body = json.dumps(codec.dump(values), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}{body}".encode()).hexdigest()
