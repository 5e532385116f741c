"""Ask for goods to come back. A request is bound to what was ordered; receiving is bound to what was shipped."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from core import journal, numbering, outbox
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from fulfillment.events import ReturnRequested
from fulfillment.models import Return, ReturnLine
from fulfillment.queries import returnable
from fulfillment.rules.asks import Requested, ReturnSpec
from orders.services.lock_lines import lock_lines


@door_verb
def request_returns(specs: Sequence[ReturnSpec], *, actor: Actor, now: datetime) -> list[Requested]:
    """Insert the returns that do not exist yet (by account and external id); one answer per spec, in order.

    The orders are locked first (rank 20), so that two requests cannot both take the last unit. Constant number of
    statements. Raises InvalidInput when more would come back than was ordered less what was
    requested before: all bad lines at once, nothing stored.
    """
    return request(specs, actor=actor, now=now)


@require_uow
def request(specs: Sequence[ReturnSpec], *, actor: Actor, now: datetime) -> list[Requested]:
    """The same inside the transaction of a verb that locked the lines' orders before anything of a higher rank."""
    lock_lines({line.order_line_id for spec in specs for line in spec.lines})
    known = _known(specs)
    fresh = [s for s in specs if (s.account_id, s.external_id) not in known]
    _check(fresh)
    numbers = numbering.draw("return", prefix="RT-", count=len(fresh)) if fresh else []
    rows = Return.objects.bulk_create(
        Return(number=n, account_id=s.account_id, external_id=s.external_id, reason=s.reason[:200], requested_at=now)
        for n, s in zip(numbers, fresh, strict=True)
    )
    ReturnLine.objects.bulk_create(
        ReturnLine(parent=row, order_line_id=x.order_line_id, qty=x.qty, external_ref=x.external_ref)
        for row, spec in zip(rows, fresh, strict=True)
        for x in spec.lines
    )
    _tell(rows, actor, now)
    made = {(r.account_id, r.external_id): r.pk for r in rows if r.external_id}
    unnamed = iter([r.pk for r in rows if not r.external_id])
    return [_answer(s, known, made, unnamed) for s in specs]


def _known(specs: Sequence[ReturnSpec]) -> dict[tuple[int, str], int]:
    named = [s for s in specs if s.external_id]
    rows = Return.objects.filter(
        account_id__in={s.account_id for s in named}, external_id__in={s.external_id for s in named}
    )
    return {(account, ext): pk for account, ext, pk in rows.values_list("account_id", "external_id", "pk")}


def _check(specs: Sequence[ReturnSpec]) -> None:
    asked: Counter[int] = Counter()
    for spec in specs:
        for line in spec.lines:
            asked[line.order_line_id] += line.qty  # type: ignore[assignment]
    left = returnable(list(asked))
    wrong = [
        FieldError(
            f"/order_lines/{line_id}",
            "more_than_ordered",
            f"{plain(Decimal(qty))} asked back, {plain(left.get(line_id, Decimal(0)))} can still be returned.",
            "Lower the quantity.",
        )
        for line_id, qty in asked.items()
        if qty > left.get(line_id, Decimal(0))
    ]
    if wrong:
        raise InvalidInput(wrong)


def _tell(rows: list[Return], actor: Actor, now: datetime) -> None:
    entries = [
        journal.Entry(DocumentRef("return", r.pk, r.number), "requested", f"Return {r.number} requested: {r.reason}")
        for r in rows
    ]
    if entries:
        journal.write(entries, actor=actor, now=now)
        notes = [outbox.Note(ReturnRequested(r.pk, r.account_id), f"return:{r.pk}", 1) for r in rows]
        outbox.publish_many(notes, now=now, actor=actor)


def _answer(
    spec: ReturnSpec, known: dict[tuple[int, str], int], made: dict[tuple[int, str], int], unnamed: "object"
) -> Requested:
    key = (spec.account_id, spec.external_id)
    if not spec.external_id:
        return Requested("", next(unnamed), False)  # type: ignore[call-overload]
    return Requested(spec.external_id, known[key], True) if key in known else Requested(key[1], made[key], False)
