"""Revenue: obligations of an invoice's lines, recognized as they are met, taken back with credits, held when in doubt."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db import connection
from django.db.models import F

from billing import locks
from billing.models import Obligation, RecognitionRule, RevenueEntry
from billing.rules.revenue import BilledLine, Progress, allocate, earned
from billing.services.book_invoices import invoice_ref
from billing.states import Recognition
from core import clock, journal
from core.actors import Actor
from core.errors import FieldError, InvalidInput, NotFound, Refused
from core.money import line_amount
from core.quantity import is_exact, plain
from core.uow import door_verb, require_uow

ZERO = Decimal(0)
MOST = 500

_LINES = """
WITH RECURSIVE wanted AS (
  SELECT x.*, i.issued_date, i.currency FROM billing_invoiceline x JOIN billing_invoice i ON i.id = x.invoice_id
   WHERE x.invoice_id = ANY(%(ids)s::bigint[]) AND i.status <> 'draft'
), shelf(category_id, start, distance) AS (
  SELECT DISTINCT p.category_id, p.category_id, 0 FROM wanted w JOIN catalog_product p ON p.id = w.product_id
  UNION ALL
  SELECT c.parent_id, s.start, s.distance + 1 FROM shelf s JOIN catalog_category c ON c.id = s.category_id
   WHERE c.parent_id IS NOT NULL AND s.distance < 20
)
SELECT w.id, w.invoice_id, w.qty, w.amount, w.credited_amount, w.unit_price, w.currency, w.issued_date,
       (h.delivered_at AT TIME ZONE 'UTC')::date, r.event, r.months, r.standalone_price
  FROM wanted w JOIN catalog_product p ON p.id = w.product_id
  LEFT JOIN billing_invoiceline b ON b.id = w.rebills_id
  JOIN fulfillment_shipmentline l ON l.id = coalesce(w.shipment_line_id, b.shipment_line_id)
  JOIN fulfillment_shipment h ON h.id = l.shipment_id
  LEFT JOIN LATERAL (
    SELECT r.* FROM billing_recognitionrule r LEFT JOIN shelf s ON s.start = p.category_id AND s.category_id = r.category_id
     WHERE r.product_id = w.product_id OR s.category_id IS NOT NULL
     ORDER BY r.product_id IS NULL, s.distance LIMIT 1) r ON true
 ORDER BY w.invoice_id, w.id
"""


@dataclass(frozen=True)
class _Line:
    line_id: int
    invoice_id: int
    qty: Decimal
    amount: Decimal
    credited: Decimal
    unit_price: Decimal
    currency: str
    issued: date
    delivered: date | None
    event: str | None
    months: int | None
    standalone_price: Decimal | None

    @property
    def standalone(self) -> Decimal:
        price = self.unit_price if self.standalone_price is None else self.standalone_price
        return line_amount(self.qty, price, self.currency)


@require_uow
def recognize(invoice_ids: Collection[int], *, on: date, now: datetime) -> int:
    """Bring the revenue of the invoices to the day; how many entries. Constant statements; the invoices are locked by the
    caller. An invoice none of whose products has a rule needs no rows: it is revenue when it is posted."""
    if not invoice_ids or not RecognitionRule.objects.exists():
        return 0
    lines = _lines(invoice_ids)
    known = {o.invoice_line_id: o for o in Obligation.objects.filter(invoice_line_id__in=[x.line_id for x in lines])}
    by_invoice: dict[int, list[_Line]] = {}
    for line in lines:
        by_invoice.setdefault(line.invoice_id, []).append(line)
    ruled = {i: mine for i, mine in by_invoice.items() if any(x.event or x.line_id in known for x in mine)}
    _make([x for mine in ruled.values() for x in mine if x.line_id not in known], known)
    changed, entries = [], []
    for mine in ruled.values():
        parts = allocate([BilledLine(x.amount, x.credited, x.standalone) for x in mine], mine[0].currency)
        for line, part in zip(mine, parts, strict=True):
            obligation = known[line.line_id]
            entry = _move(obligation, line, part, on, now)
            changed.append(obligation)
            entries += [entry] if entry else []
    Obligation.objects.bulk_update(
        changed, ["allocated_amount", "recognized_amount", "as_of_date", "moves"], batch_size=1000
    )
    RevenueEntry.objects.bulk_create(entries, batch_size=1000)
    return len(entries)


def _lines(invoice_ids: Collection[int]) -> list[_Line]:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"ids": list(invoice_ids)})
        return [_Line(*row) for row in cursor.fetchall()]


def _make(missing: Sequence[_Line], known: dict[int, Obligation]) -> None:
    made = Obligation.objects.bulk_create(
        Obligation(
            invoice_id=x.invoice_id, invoice_line_id=x.line_id, event=x.event or Recognition.SHIP, months=x.months or 1,
            start_date=x.issued, standalone_amount=x.standalone, allocated_amount=ZERO,
        )
        for x in missing
    )  # fmt: skip
    known |= {o.invoice_line_id: o for o in made}


def _move(obligation: Obligation, line: _Line, allocated: Decimal, on: date, now: datetime) -> RevenueEntry | None:
    """The difference to what was recognized before, as one entry. A hold keeps more from being recognized, never a
    credit from being taken back."""
    obligation.allocated_amount = allocated
    on = obligation.as_of_date = max(on, obligation.as_of_date or on)
    progress = Progress(
        Recognition(obligation.event), obligation.start_date, obligation.months, line.delivered,
        Fraction(obligation.used_qty) / Fraction(line.qty),
    )  # fmt: skip
    target = earned(allocated, progress, on=on, currency=line.currency)
    if obligation.hold_reason:
        target = min(target, obligation.recognized_amount)
    change = target - obligation.recognized_amount
    if not change:
        return None
    obligation.recognized_amount = target
    obligation.moves += 1
    why = f"{obligation.get_event_display().lower()}: {target:,} of {allocated:,}"
    key = f"{line.line_id}:{obligation.moves}"
    return RevenueEntry(obligation_id=obligation.pk, amount=change, day=on, why=why, key=key, at=now)


@door_verb
def recognize_due(*, now: datetime, after_id: int = 0) -> int:
    """Recognize what time and deliveries earned since: at most 500 obligations a call; the last one's id, 0 at the end."""
    today = clock.company_day(now)
    left = Obligation.objects.exclude(recognized_amount=F("allocated_amount")).filter(pk__gt=after_id, hold_reason="")
    rows = list(left.filter(event__in=(Recognition.DELIVER, Recognition.OVER_TIME)).order_by("pk")[:MOST])
    if not rows:
        return 0
    ids = {o.invoice_id for o in rows}
    locks.lock_invoices(ids)
    recognize(ids, on=today, now=now)
    return rows[-1].pk


class NotEarnedByUse(Refused):
    template = "{invoice} is revenue {event}: use makes no difference to it."
    remedy_template = "Change the product's recognition rule for what is billed from now on."


@door_verb
def record_use(*, used: Mapping[int, Decimal], actor: Actor, now: datetime) -> None:
    """What was used of obligations in all so far, by obligation id, in base units: it never falls.

    Raises NotFound, NotEarnedByUse, InvalidInput (a quantity that is none, or above what was billed).
    """
    rows = _locked(used)
    for row in rows:
        if row.event != Recognition.USE:
            raise NotEarnedByUse(invoice=str(row.invoice), event=row.get_event_display().lower())
    if wrong := [_fault(row, used[row.pk]) for row in rows if not _can_be(row, used[row.pk])]:
        raise InvalidInput(wrong)
    for row in rows:
        row.used_qty = max(row.used_qty, used[row.pk])
    Obligation.objects.bulk_update(rows, ["used_qty"])
    entries = [
        journal.Entry(invoice_ref(row.invoice), "used", f"{plain(row.used_qty)} of {plain(row.invoice_line.qty)} used")
        for row in rows
    ]
    journal.write(entries, actor=actor, now=now)
    recognize({row.invoice_id for row in rows}, on=clock.company_day(now), now=now)


def _can_be(row: Obligation, qty: Decimal) -> bool:
    return is_exact(qty) and ZERO <= qty <= row.invoice_line.qty


def _fault(row: Obligation, qty: Decimal) -> FieldError:
    words = f"{plain(qty)} is not between 0 and the {plain(row.invoice_line.qty)} billed on {row.invoice}."
    return FieldError(f"/used/{row.pk}", "bad_quantity", words, "Enter what was used in all so far.")


@door_verb
def hold_revenue(*, obligation_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Recognize no more of an obligation until the hold is lifted. Raises NotFound, InvalidInput (no reason)."""
    if not reason.strip():
        raise InvalidInput([FieldError("/reason", "required", "A hold needs its reason.", "Say what is in doubt.")])
    _set_hold(obligation_id, reason[:200], "revenue held", actor, now)


@door_verb
def release_revenue(*, obligation_id: int, actor: Actor, now: datetime) -> None:
    """Lift the hold: what was earned meanwhile is recognized today. Raises NotFound."""
    row = _set_hold(obligation_id, "", "revenue released", actor, now)
    recognize([row.invoice_id], on=clock.company_day(now), now=now)


def _set_hold(obligation_id: int, reason: str, verb: str, actor: Actor, now: datetime) -> Obligation:
    (row,) = _locked([obligation_id])
    row.hold_reason = reason
    row.save(update_fields=["hold_reason"])
    entry = journal.Entry(invoice_ref(row.invoice), verb, f"{verb.capitalize()}: {reason or row.allocated_amount}")
    journal.write([entry], actor=actor, now=now)
    return row


def _locked(obligation_ids: Iterable[int]) -> list[Obligation]:
    """Obligations under their invoices' locks (rank 40)."""
    wanted = set(obligation_ids)
    invoices = set(Obligation.objects.filter(pk__in=wanted).values_list("invoice_id", flat=True))
    locks.lock_invoices(invoices)
    rows = list(Obligation.objects.filter(pk__in=wanted).select_related("invoice", "invoice_line"))
    if missing := wanted - {row.pk for row in rows}:
        raise NotFound(kind="obligation", ident=min(missing))
    return rows
