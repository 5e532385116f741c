"""Goods were used from a trunk or a consignment: on hand falls at once, by the guarded statement, whatever billing says.

Each line is a demand that was served and shipped in the same breath, so that an order line can point to it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.queries import account_snapshots
from core import journal
from core.actors import Actor
from core.clock import local_date
from core.errors import Busy, FieldError, InvalidInput, NotFound
from core.explain import Explanation
from core.numbering import draw
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import require_uow
from inventory import locks
from inventory.field_queries import FieldSite, counted_away, field_sites, read_lines
from inventory.models import Claim, FieldUsage, StockMovement, UsageLine
from inventory.rules.asks import DemandSpec
from inventory.rules.field import Goods, UsageSpec, UsedLine, UsedStock
from inventory.services.claim import Ledger
from inventory.services.open_demands import open_demands
from inventory.services.places import SiteIsClosed
from inventory.services.record import Decided, record
from inventory.states import USAGE, ClaimEnd, ClaimKind, MovementKind, SiteKind, UsageStatus

ZERO = Decimal(0)
CLOCK_MAY_BE_FAST = timedelta(minutes=10)


class UsedElsewhere(Busy):
    template = "What was used at {site} was taken by someone else at this moment."
    remedy_template = "Send it again: what is left there will be named."


@dataclass(frozen=True)
class ReadUsage:
    """A usage that was understood: nothing is written yet."""

    spec: UsageSpec
    site: FieldSite
    account_id: int
    goods: tuple[Goods, ...]
    is_po_awaited: bool  # said to follow, or the customer's rule


@dataclass(frozen=True)
class Used:
    """The usage as it was kept, with what left which balance, line by line."""

    usage: DocumentRef
    site_id: int
    demand_ids: dict[int, int]
    stock: tuple[UsedStock, ...]
    lines: tuple[UsedLine, ...]


def read_usage(spec: UsageSpec, *, now: datetime) -> ReadUsage:
    """The usage with its codes read. Reads only. Raises NotFound (no such field site), SiteIsClosed, and InvalidInput
    with everything that is wrong (pointers /lines/2/code)."""
    site = next((s for s in field_sites(is_open=False) if s.id == spec.site_id), None)
    if site is None:
        raise NotFound(kind="trunk or consignment", ident=spec.site_id)
    if not site.is_active:
        raise SiteIsClosed(site=site.code, verb="nothing is used from it")
    account_id = spec.account_id or site.account_id
    extra = counted_away(site.id, used_at=spec.used_at)
    day = local_date(spec.used_at, site.time_zone)
    goods, errors = read_lines(spec.lines, site=site, on=day, counted_away=extra)
    errors = [*_wrong_head(spec, site, account_id, now), *errors]
    if errors:
        raise InvalidInput(errors)
    assert account_id is not None  # else there was an error
    account = account_snapshots([account_id], on=now.date())[account_id]
    is_awaited = not spec.po_number.strip() and (spec.is_po_to_follow or account.po_number_required)
    return ReadUsage(spec, site, account_id, tuple(goods), is_awaited)


def _wrong_head(spec: UsageSpec, site: FieldSite, account_id: int | None, now: datetime) -> list[FieldError]:
    errors = []
    if not spec.lines:
        errors.append(FieldError("/lines", "empty", "Nothing was used.", "Scan what was used."))
    if account_id is None:
        errors.append(FieldError("/account", "required", "Say for which customer it was used.", "Send the account."))
    elif site.kind == SiteKind.CONSIGNMENT and account_id != site.account_id:
        words = f"The stock at {site.code} is consigned to another customer."
        errors.append(FieldError("/account", "not_the_consignee", words, "Leave the account out, or name its own."))
    if spec.used_at > now + CLOCK_MAY_BE_FAST:
        words = f"{spec.used_at.isoformat()} is in the future."
        errors.append(FieldError("/used_at", "in_the_future", words, "Set the clock of the device."))
    if not (spec.case_reference.strip() or spec.po_number.strip() or spec.is_po_to_follow):
        words = "A usage names its case, its purchase order, or that the order follows."
        remedy = "Give a case reference or PO number, or say that the PO is to follow."
        errors.append(FieldError("/case_reference", "required", words, remedy))
    for name, limit in (("case_reference", 60), ("po_number", 60), ("note", 300)):
        if len(getattr(spec, name)) > limit:
            errors.append(FieldError(f"/{name}", "too_long", f"At most {limit} characters.", "Shorten it."))
    return errors


@require_uow
def use_stock(read: ReadUsage, *, number: str, key: str, actor: Actor, now: datetime) -> Used:
    """Keep the usage under this number (`draw_number`) and take its goods off the books. Locks demands (50, its own) and
    balances (60).

    Raises UsedElsewhere where somebody was faster, Busy where the same usage is recorded twice at this moment.
    """
    row = _keep(read, number=number, key=key, actor=actor, now=now)
    ref = usage_ref(row)
    demand_ids = _demands(read, ref, now=now)
    demands = locks.lock_demands(demand_ids.values())
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for goods in read.goods:
        for balance_id, qty in goods.takes.items():
            taken[balance_id] += qty
    explained = _explained(read, taken)
    ledger = Ledger(demands)
    for goods in read.goods:
        for balance_id, qty in goods.takes.items():
            ledger.claim(
                demand_ids[goods.line_no], balance_id, ClaimKind.PICKED, qty, site_id=read.site.id, lot_id=goods.lot_id
            )
    for held in ledger.open_claims():
        ledger.end(held, ClaimEnd.SHIPPED, to="shipped_qty")
        ledger.shift(held.balance_id, "on_hand_qty", -held.qty)
    for balance_id, qty in explained.items():
        ledger.shift(balance_id, "on_hand_qty", qty)
    if ledger.settle():
        raise UsedElsewhere(site=read.site.code)
    record(ledger, now=now, decisions=[_decided(read, g, demand_ids[g.line_no]) for g in read.goods])
    stock = _stock(read, demand_ids)
    _move(row, stock, explained, actor)
    _lines(row, read, demand_ids)
    journal.write([journal.Entry(ref, "used", _words(read))], actor=actor, now=now)
    lines = tuple(UsedLine(g.line_no, g.code, g.product_id, g.unit, g.unit_qty) for g in read.goods)
    return Used(ref, read.site.id, demand_ids, stock, lines)


def draw_number() -> str:
    return draw("field_usage", prefix="FU-")[0]


def usage_ref(row: FieldUsage) -> DocumentRef:
    return DocumentRef("field_usage", row.pk, row.number)


@require_uow
def mark_billed(usage_id: int) -> None:
    """An order and a shipment stand for the usage now."""
    row = FieldUsage.objects.get(pk=usage_id)
    row.status = USAGE.require(UsageStatus(row.status), UsageStatus.BILLED)
    row.problem = ""
    row.save(update_fields=["status", "problem"])


@require_uow
def note_problem(usage_id: int, problem: str) -> None:
    """Why no order bills the usage yet."""
    FieldUsage.objects.filter(pk=usage_id, status=UsageStatus.RECORDED).update(problem=problem[:300])


@require_uow
def note_purchase_order(usage_id: int, po_number: str, *, actor: Actor, now: datetime) -> None:
    """The PO number that was to follow."""
    row = FieldUsage.objects.get(pk=usage_id)
    row.po_number = po_number
    row.save(update_fields=["po_number"])
    entry = journal.Entry(usage_ref(row), "po_received", f"Purchase order {po_number} came")
    journal.write([entry], actor=actor, now=now)


def used_of(usage_id: int) -> Used:
    """A kept usage again, to be billed later. Two statements."""
    lines = list(UsageLine.objects.filter(usage_id=usage_id).select_related("usage").order_by("line_no"))
    numbers = {x.demand_id: x.line_no for x in lines}
    rows = Claim.objects.filter(demand_id__in=numbers, ended=ClaimEnd.SHIPPED).order_by("id")
    columns = rows.values_list("demand_id", "id", "balance_id", "balance__lot_id", "balance__product_id", "qty")
    stock = tuple(UsedStock(numbers[r[0]], *r) for r in columns)
    kept = tuple(UsedLine(x.line_no, x.code, x.product_id, x.unit, x.unit_qty) for x in lines)
    usage = lines[0].usage
    return Used(usage_ref(usage), usage.site_id, {x.line_no: x.demand_id for x in lines}, stock, kept)


def _keep(read: ReadUsage, *, number: str, key: str, actor: Actor, now: datetime) -> FieldUsage:
    spec = read.spec
    row = FieldUsage(
        number=number,
        request_key=key,
        site_id=read.site.id,
        account_id=read.account_id,
        used_at=spec.used_at,
        recorded_at=now,
        recorded_by_id=actor.user_id,
        recorded_by=actor.label,
        case_reference=spec.case_reference.strip(),
        po_number=spec.po_number.strip(),
        is_po_awaited=read.is_po_awaited,
        note=spec.note.strip(),
    )
    FieldUsage.objects.bulk_create([row], ignore_conflicts=True)  # a twin with this key may be first
    stored = FieldUsage.objects.get(request_key=key)
    if stored.number != row.number:
        raise Busy(cause="the same usage is being recorded twice at this moment")
    return stored


def _demands(read: ReadUsage, ref: DocumentRef, *, now: datetime) -> dict[int, int]:
    """{line number: demand}."""
    day = local_date(read.spec.used_at, read.site.time_zone)
    specs = [
        DemandSpec(
            str(g.line_no), ref, g.line_no, g.product_id, g.qty, read.account_id, day, read.site.id,
            backorder_allowed=False,
        )
        for g in read.goods
    ]  # fmt: skip
    return {int(key): demand_id for key, demand_id in open_demands(specs, now=now).items()}


def _explained(read: ReadUsage, taken: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """{balance: what a count made after the use has taken off the books already}: it is given back, then used.

    Read again under the balances' locks, so that two late usages do not explain the same missing unit.
    """
    if not counted_away(read.site.id, used_at=read.spec.used_at):
        return {}
    locks.lock_balances(list(taken))
    away = counted_away(read.site.id, used_at=read.spec.used_at)
    return {b: min(qty, away[b]) for b, qty in sorted(taken.items()) if away.get(b)}


def _decided(read: ReadUsage, goods: Goods, demand_id: int) -> Decided:
    said = f"{plain(goods.qty)} used from {read.site.code}"
    return Decided(demand_id, None, 1, Explanation("used in the field", said, {"site": read.site.code}))


def _stock(read: ReadUsage, demand_ids: Mapping[int, int]) -> tuple[UsedStock, ...]:
    numbers = {demand_id: line_no for line_no, demand_id in demand_ids.items()}
    rows = Claim.objects.filter(demand_id__in=numbers).order_by("id")
    columns = rows.values_list("demand_id", "id", "balance_id", "balance__lot_id", "balance__product_id", "qty")
    return tuple(UsedStock(numbers[r[0]], *r) for r in columns)


def _move(row: FieldUsage, stock: Sequence[UsedStock], explained: Mapping[int, Decimal], actor: Actor) -> None:
    """By the device's clock: a count made before the use is replayed must not see it as having moved since."""

    def moved(kind: MovementKind, balance_id: int, qty: Decimal, sequence: int, reason: str) -> StockMovement:
        return StockMovement(
            balance_id=balance_id, kind=kind, qty=qty, source_kind="field_usage", source_id=row.pk, sequence=sequence,
            at=row.used_at, actor_label=actor.label, reason=reason[:200],
        )  # fmt: skip

    case = f"case {row.case_reference}" if row.case_reference else row.po_number or "PO to follow"
    rows = [moved(MovementKind.CONSUMPTION, s.balance_id, -s.qty, s.claim_id, f"{row.number}, {case}") for s in stock]
    why = f"{row.number}: used before a count found it missing"
    rows += [moved(MovementKind.COUNT, b, qty, n, why) for n, (b, qty) in enumerate(sorted(explained.items()))]
    StockMovement.objects.bulk_create(rows)


def _lines(row: FieldUsage, read: ReadUsage, demand_ids: Mapping[int, int]) -> None:
    UsageLine.objects.bulk_create(
        UsageLine(
            usage=row, line_no=g.line_no, code=g.code[:200], product_id=g.product_id, lot_id=g.lot_id, qty=g.qty,
            unit=g.unit[:10], unit_qty=g.unit_qty, demand_id=demand_ids[g.line_no],
        )
        for g in read.goods
    )  # fmt: skip


def _words(read: ReadUsage) -> str:
    what = ", ".join(f"{plain(g.qty)} {g.sku}" for g in read.goods[:3])
    more = f" and {len(read.goods) - 3} more" if len(read.goods) > 3 else ""
    return f"{what}{more} used from {read.site.code}"
