"""What the picker found. What is missing goes back to open with a reason, opens a case and is allocated again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F

from core import journal, outbox
from core.actors import Actor
from core.choices import counted
from core.errors import DomainError, FieldError, InvalidInput, Refused
from core.quantity import is_exact, plain
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import PostingSpec
from credit.services.post import post
from credit.states import Bucket
from fulfillment.events import PickShort, VendorShort
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.rules.asks import PickReport
from fulfillment.services.find_shipment import lock_with_credit, only, refusals, sent_by_vendors
from fulfillment.services.pick_over import Surplus, above, order_lines_over, surplus_refusals, tolerances
from fulfillment.services.pick_short import tell_rests
from fulfillment.states import SHIPMENT, ShipmentStatus
from inventory.services.confirm_picked import confirm_picked
from orders.queries import line_prices
from orders.services.grow_lines import grow_lines
from orders.services.return_to_open import return_to_open
from orders.states import Blocks

ZERO = Decimal(0)


@door_verb
def confirm_pick(
    *, shipment_id: int, picks: Mapping[int, Decimal], short_reason: str = "", actor: Actor, now: datetime
) -> str:
    """Record picked quantities (base units) by shipment line; lines not named were picked in full.

    The shipment is packed afterwards, or cancelled when nothing was found. Returns its new status. Raises
    NotFound, OnHold, InvalidInput for an unknown line, a quantity further above what was released than the account
    takes, or a short pick without a reason; NotFreeToTake, SurplusOverCredit where more cannot be had.
    """
    return only(take_picks([PickReport(shipment_id, picks, short_reason)], actor, now), shipment_id)


def confirm_picks(reports: Sequence[PickReport], *, actor: Actor, now: datetime) -> dict[int, str | DomainError]:
    """The same for about 200 shipments in one transaction: the new status of each, or why it was refused.

    A refused report takes no other down; the number of statements does not grow with the shipments. Where the stock
    itself refuses one (somebody took the surplus meanwhile, a lot was just recalled), each is tried by itself.
    """
    try:
        return _confirm_together(reports, actor=actor, now=now)
    except Refused as refusal:
        if len(reports) == 1:
            return {reports[0].shipment_id: refusal}
    outcomes: dict[int, str | DomainError] = {}
    for report in reports:
        outcomes |= confirm_picks([report], actor=actor, now=now)
    return outcomes


@door_verb
def _confirm_together(reports: Sequence[PickReport], *, actor: Actor, now: datetime) -> dict[int, str | DomainError]:
    return take_picks(reports, actor, now)


@dataclass(frozen=True)
class _Picked:
    """A report that may be written: every line of its shipment with what was found of it."""

    shipment: Shipment
    lines: list[ShipmentLine]
    qtys: dict[int, Decimal]
    reason: str

    @property
    def shorts(self) -> list[ShipmentLine]:
        return [line for line in self.lines if self.qtys[line.pk] < line.qty]

    @property
    def overs(self) -> list[ShipmentLine]:
        return [line for line in self.lines if self.qtys[line.pk] > line.qty]

    @property
    def target(self) -> ShipmentStatus:
        return ShipmentStatus.PACKED if any(self.qtys.values()) else ShipmentStatus.CANCELLED


@require_uow
def take_picks(
    reports: Sequence[PickReport], actor: Actor, now: datetime, *, is_vendor: bool = False
) -> dict[int, str | DomainError]:
    """The same inside the transaction of a verb that holds no lock above rank 30 yet. `is_vendor`: the reports say what
    vendors sent of their own shipments, which no warehouse can pick."""
    ids = [report.shipment_id for report in reports]
    growing = order_lines_over(reports)
    shipments = lock_with_credit(ids, order_lines=growing)
    outcomes: dict[int, str | DomainError] = dict(refusals(ids, shipments, ShipmentStatus.PACKED, Blocks.PICK))
    if not is_vendor:
        outcomes = {**sent_by_vendors(shipments), **outcomes}
    lines_of: dict[int, list[ShipmentLine]] = {i: [] for i in ids}
    for line in ShipmentLine.objects.filter(shipment__in=ids).order_by("pk"):
        lines_of[line.shipment_id].append(line)
    takes = tolerances([shipments[i] for i in shipments], now=now) if growing else {}
    taken: list[_Picked] = []
    for report in reports:
        if report.shipment_id in outcomes:
            continue
        lines = lines_of[report.shipment_id]
        try:
            qtys = _checked(lines, report, takes.get(shipments[report.shipment_id].account_id))
        except InvalidInput as refusal:
            outcomes[report.shipment_id] = refusal
        else:
            taken.append(_Picked(shipments[report.shipment_id], lines, qtys, report.short_reason))
    over = [Surplus(p.shipment, p.lines, p.qtys) for p in taken if p.overs]
    if over:
        outcomes |= surplus_refusals(over, growing, now=now)
        taken = [p for p in taken if p.shipment.pk not in outcomes]
    if taken:
        _write(taken, actor, now, is_vendor=is_vendor)
    return outcomes | {p.shipment.pk: str(p.shipment.status) for p in taken}


def _write(taken: Sequence[_Picked], actor: Actor, now: datetime, *, is_vendor: bool) -> None:
    picks = {line.claim_id: p.qtys[line.pk] for p in taken for line in p.lines}
    overs = {line.order_line_id for p in taken for line in p.overs}
    confirm_picked(picks, actor=actor, now=now, may_exceed=bool(overs))
    _store(taken, now)
    grown = grow_lines(overs, actor=actor, now=now) if overs else {}
    _move_exposure([p for p in taken if p.shorts or p.overs], grown, actor, now)
    tell_rests({line.order_line_id: line.demand_id for p in taken for line in p.shorts}, actor=actor, now=now)
    _tell(taken, actor, now, is_vendor=is_vendor)


def _checked(lines: list[ShipmentLine], report: PickReport, takes: tuple[str, Decimal] | None) -> dict[int, Decimal]:
    """`takes`: the account's code and tolerance, where anything is above what was released."""
    picks, reason = report.picks, report.short_reason
    released = {line.pk: line.qty for line in lines}
    wrong = [
        FieldError(f"/picks/{line_id}", *_fault(released.get(line_id), qty))
        for line_id, qty in picks.items()
        if line_id not in released or not is_exact(qty) or qty < 0 or (qty > released[line_id] and takes is None)
    ]
    picked = {line_id: picks.get(line_id, qty) for line_id, qty in released.items()}
    if not reason.strip() and any(picked[i] < released[i] for i in released if is_exact(picked[i])):
        wrong.append(
            FieldError("/short_reason", "required", "A short pick needs a reason.", "Say what was found instead.")
        )
    if not wrong and takes is not None:
        wrong = above(lines, picked, takes)
    if wrong:
        raise InvalidInput(wrong)
    return picked


def _fault(released: Decimal | None, qty: Decimal) -> tuple[str, str, str]:
    if released is None:
        return "unknown_line", "This line is not part of the shipment.", "Reload the shipment."
    words = f"{plain(qty)} is not between 0 and {plain(released)}, with at most four decimal places."
    return "bad_quantity", words, "Count again."


_STORE = """
UPDATE fulfillment_shipmentline l SET picked_qty = p.qty, over_qty = greatest(p.qty - l.qty, 0), short_reason = p.reason
  FROM unnest(%s::bigint[], %s::numeric[], %s::text[]) AS p(id, qty, reason) WHERE l.id = p.id
"""


def _store(taken: Sequence[_Picked], now: datetime) -> None:
    lines = [(p, line) for p in taken for line in p.lines]
    reasons = [p.reason[:120] if p.qtys[line.pk] < line.qty else "" for p, line in lines]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [[x.pk for _, x in lines], [p.qtys[x.pk] for p, x in lines], reasons])
    for p in taken:
        p.shipment.status = SHIPMENT.require(ShipmentStatus(p.shipment.status), p.target)
        p.shipment.packed_at = now if p.target == ShipmentStatus.PACKED else None
        p.shipment.version += 1
    for status in (ShipmentStatus.PACKED, ShipmentStatus.CANCELLED):
        if ids := [p.shipment.pk for p in taken if p.target == status]:
            packed_at = now if status == ShipmentStatus.PACKED else None
            rows = Shipment.objects.filter(pk__in=ids)
            rows.update(status=status, packed_at=packed_at, version=F("version") + 1)


def _move_exposure(taken: Sequence[_Picked], grown: Mapping[int, Decimal], actor: Actor, now: datetime) -> None:
    """Released exposure becomes what was picked; what is open gets back what is short, less what was taken of it."""
    if not taken:
        return
    prices = line_prices([line.order_line_id for p in taken for line in (*p.shorts, *p.overs)])
    specs: list[PostingSpec] = []
    back = dict(grown)
    for p in taken:
        for line in (*p.shorts, *p.overs):
            price = prices[line.order_line_id]
            was = price.worth.of(line.qty, price.currency)
            still = price.worth.of(p.qtys[line.pk], price.currency)
            specs.append(
                PostingSpec(
                    account_id=p.shipment.account_id,
                    doc=DocumentRef("shipment", p.shipment.pk, p.shipment.number),
                    bucket=Bucket.RELEASED,
                    amount=still - was,
                    key=f"shipment:{p.shipment.pk}:line:{line.pk}:{'short' if still < was else 'over'}",
                    currency=price.currency,
                    rate_date=price.submitted_on,
                    terms_code=price.terms_code,
                )
            )
            back[line.order_line_id] = back.get(line.order_line_id, ZERO) + line.qty - p.qtys[line.pk]
    post(specs, now=now)
    return_to_open({i: qty for i, qty in back.items() if qty}, actor=actor, now=now)


def _tell(taken: Sequence[_Picked], actor: Actor, now: datetime, *, is_vendor: bool) -> None:
    journal.write([_entry(p, is_vendor=is_vendor) for p in taken], actor=actor, now=now)
    short = _vendor_short if is_vendor else _short
    notes = [
        outbox.Note(short(p, line), f"shipment:{p.shipment.pk}", p.shipment.version) for p in taken for line in p.shorts
    ]
    outbox.publish_many(notes, now=now, actor=actor)


def _entry(p: _Picked, *, is_vendor: bool) -> journal.Entry:
    count, did = len(p.shorts), "sent by the vendor" if is_vendor else "picked"
    verb, words = (f"{did} short", f"{counted(count, 'line')} short") if count else (did, "all lines in full")
    if p.overs:
        words += f", {counted(len(p.overs), 'line')} above what was {'asked for' if is_vendor else 'released'}"
    ref = DocumentRef("shipment", p.shipment.pk, p.shipment.number)
    return journal.Entry(ref, verb, f"Shipment {p.shipment.number} {did}: {words}", {"reason": p.reason})


def _vendor_short(p: _Picked, line: ShipmentLine) -> VendorShort:
    short_qty, s = line.qty - p.qtys[line.pk], p.shipment
    return VendorShort(s.pk, s.number, s.order_id, s.account_id, line.product_id, short_qty, is_sent=True)


def _short(p: _Picked, line: ShipmentLine) -> PickShort:
    return PickShort(
        shipment_id=p.shipment.pk,
        shipment_number=p.shipment.number,
        order_id=p.shipment.order_id,
        account_id=p.shipment.account_id,
        product_id=line.product_id,
        site_id=p.shipment.site_id,
        short_qty=line.qty - p.qtys[line.pk],
        reason=p.reason,
    )
