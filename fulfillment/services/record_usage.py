"""What was used in the field becomes an order, shipped as used and invoiced. The usage is a fact: it is kept, and its
stock taken, also where no order can be made of it yet; that is tried again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core import journal, outbox
from core.actors import Actor
from core.errors import FieldError, NotFound
from core.numbering import draw
from core.refs import DocumentRef
from core.uow import door_verb, require_uow
from credit.rules.asks import PostingSpec
from credit.services.lock_accounts import lock_accounts
from credit.services.post import post
from credit.states import Bucket
from exceptions_app.services.close_causes import close_causes
from exceptions_app.services.open_case import open_case
from fulfillment.events import ShipmentShipped
from fulfillment.exception_kinds import USAGE_UNBILLED
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.queries import orders_of_usages
from fulfillment.states import ShipmentStatus
from inventory.field_queries import UsageView, usage_by_key, usages
from inventory.rules.field import Goods, UsageSpec, UsedLine
from inventory.services.use_stock import (
    Used,
    draw_number,
    mark_billed,
    note_problem,
    note_purchase_order,
    read_usage,
    use_stock,
    used_of,
)
from inventory.states import UsageStatus
from orders.ledgers import order_numbers
from orders.queries import holds_of
from orders.rules.asks import HoldView, LineDraft, OrderDraft
from orders.rules.telling import told_hold
from orders.services.add_po_number import add_po_number
from orders.services.capture import DuplicatePurchaseOrder
from orders.services.place_usage import JudgedUsage, UsageOrder, decide_usage, judge_usage, write_usage
from orders.states import Channel

ZERO = Decimal(0)
CHANNELS = frozenset(map(str, Channel))
CAUSE = "no order could be made"
MOST = 50
REFUSE_ON = {"one_order_per_account_and_po_number": DuplicatePurchaseOrder}
Problems = tuple[FieldError, ...]


@dataclass(frozen=True)
class UsageOutcome:
    """`order_id` is None while the usage waits to be billed; `problems` then say why. `holds` are in words for outside."""

    usage_id: int
    number: str
    status: str
    is_po_awaited: bool
    order_id: int | None = None
    order_number: str = ""
    holds: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@door_verb
def record_usage(spec: UsageSpec, *, key: str, actor: Actor, now: datetime) -> UsageOutcome:
    """Keep the usage, take the stock, place and ship its order. The same key again gives the first outcome.

    May come late: prices, lots and counts are those of `used_at`. Raises NotFound, SiteIsClosed, InvalidInput (what was
    scanned cannot be so: nothing is kept), UsedElsewhere, Busy. Locks: credit 10, demands 50, balances 60, case 80.
    """
    known = usage_by_key(key)
    if known is not None:
        return outcome_of(known)
    read, number = read_usage(spec, now=now), draw_number()
    draft = _draft(
        read.goods, read.account_id, spec.po_number, number, spec.case_reference, used_at=spec.used_at, actor=actor
    )
    judged = _judged(draft, spec.used_at, now)
    used = use_stock(read, number=number, key=key, actor=actor, now=now)
    return _bill(usage_of(used.usage.id), used, judged, actor=actor, now=now)


@door_verb(refuse_on=REFUSE_ON)
def bill_usage(*, usage_id: int, actor: Actor, now: datetime) -> UsageOutcome:
    """Try again to make an order of a usage that has none; one that has is left as it is. Raises NotFound."""
    usage = usage_of(usage_id)
    if usage.status == UsageStatus.BILLED:
        return outcome_of(usage_id)
    used = used_of(usage_id)
    return _bill(usage, used, _judged(_draft_of_kept(usage, used, actor), usage.used_at, now), actor=actor, now=now)


@door_verb
def bill_waiting(*, account_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """Bill what was used for the accounts and is billed by no order yet, at most 50 an account, the oldest first; how
    many are billed now. What still cannot be keeps its case."""
    lock_accounts(account_ids)
    waiting = [
        u
        for u in usages(account_ids=account_ids, is_waiting=True, limit=MOST * len(account_ids))
        if u.status == UsageStatus.RECORDED
    ]
    read = [(u, used_of(u.id)) for u in reversed(waiting)]
    judged = [_judged(_draft_of_kept(u, used, actor), u.used_at, now) for u, used in read]
    outcomes = [_bill(u, used, verdict, actor=actor, now=now) for (u, used), verdict in zip(read, judged, strict=True)]
    return sum(1 for o in outcomes if o.status == UsageStatus.BILLED)


@door_verb(refuse_on=REFUSE_ON)
def add_purchase_order(*, usage_id: int, po_number: str, actor: Actor, now: datetime) -> UsageOutcome:
    """The PO number that was to follow: its hold and its case go, and the invoice leaves. Said again it changes nothing.

    Raises NotFound, InvalidInput, AlreadyHasPo, DuplicatePurchaseOrder.
    """
    usage, given = usage_of(usage_id), po_number.strip()
    order_id = orders_of_usages([usage_id]).get(usage_id)
    if order_id is not None:
        add_po_number(order_id, given, actor=actor, now=now)
    if usage.po_number != given:
        note_purchase_order(usage_id, given, actor=actor, now=now)
    return outcome_of(usage_id)


def outcome_of(usage_id: int) -> UsageOutcome:
    """The usage as it stands. Raises NotFound."""
    usage = usage_of(usage_id)
    order_id = orders_of_usages([usage_id]).get(usage_id)
    number = order_numbers([order_id])[order_id] if order_id else ""
    holds = _told(holds_of([order_id]).get(order_id, ())) if order_id else ()
    problems = (usage.problem,) if usage.problem else ()
    return UsageOutcome(usage.id, usage.number, usage.status, _waits_for_po(usage), order_id, number, holds, problems)


def _told(holds: Iterable[HoldView]) -> tuple[str, ...]:
    """A rep reads it: the floor under a price stays in the house."""
    return tuple(told_hold(h.reason, h.message) for h in holds)


def usage_of(usage_id: int) -> UsageView:
    found = usages(ids=[usage_id], limit=1)
    if not found:
        raise NotFound(kind="usage", ident=usage_id)
    return found[0]


def _waits_for_po(usage: UsageView) -> bool:
    return usage.is_po_awaited and not usage.po_number


@require_uow
def _judged(draft: OrderDraft, used_at: datetime, now: datetime) -> JudgedUsage | Problems:
    """The order it would be, with credit decided (rank 10: before any stock is locked), or why there can be none."""
    judged = judge_usage(draft, used_at=used_at)
    return decide_usage(judged, now=now) if isinstance(judged, JudgedUsage) else judged


def _draft(
    lines: Iterable[Goods | UsedLine], account_id: int, po_number: str, number: str, case: str, *, used_at: datetime,
    actor: Actor,
) -> OrderDraft:  # fmt: skip
    """Each usage is a release of its own against its purchase order, so that one purchase order covers many."""
    return OrderDraft(
        account_id=account_id,
        channel=actor.channel if actor.channel in CHANNELS else Channel.API,
        currency="",
        lines=tuple(LineDraft(x.line_no, x.unit_qty, x.unit, x.product_id, stated_code=x.code[:80]) for x in lines),
        po_number=po_number.strip(),
        release_number=number,
        requested_date=used_at.date(),
        note=f"Used in the field, case {case}" if case else "Used in the field",
        external_id=number,
        received_at=used_at,
        on_behalf_of=account_id,
    )


def _draft_of_kept(usage: UsageView, used: Used, actor: Actor) -> OrderDraft:
    return _draft(
        used.lines, usage.account_id, usage.po_number, usage.number, usage.case_reference, used_at=usage.used_at,
        actor=actor,
    )  # fmt: skip


@require_uow
def _bill(usage: UsageView, used: Used, judged: JudgedUsage | Problems, *, actor: Actor, now: datetime) -> UsageOutcome:
    if not isinstance(judged, JudgedUsage):
        return _keep_waiting(usage, judged, actor=actor, now=now)
    named = f", case {usage.case_reference}" if usage.case_reference else ""
    awaited = f"{usage.number}{named}: used without a purchase order, it is to follow." if _waits_for_po(usage) else ""
    order = write_usage(judged, used.demand_ids, awaited=awaited, actor=actor, now=now)
    shipment = _ship(usage, used, order, actor=actor, now=now)
    mark_billed(usage.id)
    ref = DocumentRef("field_usage", usage.id, usage.number)
    words = f"Order {order.submitted.number}, shipment {shipment.number}"
    journal.write([journal.Entry(ref, "billed", words)], actor=actor, now=now)
    close_causes(USAGE_UNBILLED.code, ref, None, now=now, actor=actor)
    holds = _told(order.submitted.holds)
    return UsageOutcome(
        usage.id,
        usage.number,
        UsageStatus.BILLED,
        bool(awaited),
        order.submitted.order_id,
        order.submitted.number,
        holds,
    )


@require_uow
def _keep_waiting(usage: UsageView, problems: Problems, *, actor: Actor, now: datetime) -> UsageOutcome:
    """The usage stays a fact; what keeps it from being billed is somebody's to mend."""
    said = tuple(p.in_words for p in problems)
    note_problem(usage.id, said[0])
    open_case(
        USAGE_UNBILLED.code,
        subject=DocumentRef("field_usage", usage.id, usage.number),
        account_id=usage.account_id,
        money_at_risk=ZERO,
        cause_key=CAUSE,
        summary=f"{usage.number} from {usage.site} is billed by no order: {said[0]}",
        evidence={"problems": list(said)},
        now=now,
        actor=actor,
    )
    return UsageOutcome(usage.id, usage.number, usage.status, _waits_for_po(usage), problems=said)


@require_uow
def _ship(usage: UsageView, used: Used, order: UsageOrder, *, actor: Actor, now: datetime) -> Shipment:
    """A shipment that was never on a truck: shipped at the moment of the use, from the place it was used."""
    placed = order.submitted
    shipment = Shipment.objects.create(
        number=draw("shipment", prefix="SH-")[0],
        order_id=placed.order_id,
        account_id=usage.account_id,
        site_id=used.site_id,
        ship_to_id=order.ship_to_id,
        status=ShipmentStatus.SHIPPED,
        usage_id=usage.id,
        released_at=usage.used_at,
        packed_at=usage.used_at,
        shipped_at=usage.used_at,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(
            shipment=shipment, order_line_id=order.line_ids[s.line_no], demand_id=s.demand_id, claim_id=s.claim_id,
            balance_id=s.balance_id, lot_id=s.lot_id, product_id=s.product_id, qty=s.qty, picked_qty=s.qty,
            shipped_qty=s.qty,
        )
        for s in used.stock
    )  # fmt: skip
    amount = sum((order.worth[s.line_no].of(s.qty, order.currency) for s in used.stock), ZERO)
    ref = DocumentRef("shipment", shipment.pk, shipment.number)
    key = f"shipment:{shipment.pk}:shipped"
    owed = PostingSpec(
        usage.account_id, ref, Bucket.SHIPPED, amount, key, currency=order.currency, rate_date=now.date(),
        terms_code=order.terms_code,
    )  # fmt: skip
    post([owed] if amount else [], now=now)
    words = f"Shipment {shipment.number}: used at {usage.site} on {usage.used_at:%d %b %Y}, {usage.number}"
    order_ref = DocumentRef("order", placed.order_id, placed.number)
    journal.write([journal.Entry(r, "shipped", words) for r in (ref, order_ref)], actor=actor, now=now)
    fact = ShipmentShipped(shipment.pk, shipment.number, placed.order_id, usage.account_id, usage.used_at)
    outbox.publish(fact, stream=f"shipment:{shipment.pk}", seq=1, now=now, actor=actor)
    return shipment
