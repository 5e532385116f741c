"""An 850 that can be read becomes exactly one order, a draft at least. What is unclear stays on it and in a case."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from accounts import queries as accounts
from catalog import queries as catalog
from catalog.rules.asks import PartMatch, PartQuery, ProductSnapshot
from core.actors import Actor
from core.errors import DomainError, InvalidInput
from core.refs import DocumentRef
from integrations import exception_kinds as kinds
from integrations.queries import Partner
from integrations.rules import drafting
from integrations.rules.drafting import WantedLine
from integrations.rules.purchase_order import PurchaseOrder
from integrations.services.decide_transaction import CaseAsk
from orders.queries import orders_by_external_id
from orders.rules.asks import Captured, LineDraft, OrderDraft
from orders.services.capture import DuplicatePurchaseOrder, capture
from orders.services.submit import submit
from orders.states import Channel


@dataclass(frozen=True)
class Taken:
    """`order_id` None: the order's number is taken by an order with other content; `cases` says so."""

    order_id: int | None
    is_new: bool
    is_submitted: bool
    cases: tuple[CaseAsk, ...]
    reason: str = ""


@dataclass(frozen=True)
class ResolvedLine:
    product_id: int | None
    unit: str
    trouble: str = ""


def take_order(*, order: PurchaseOrder, content_hash: str, partner: Partner, actor: Actor, now: datetime) -> Taken:
    """Capture it (once per content), and submit it where the profile says so and every line is clear.

    Not a door verb itself: capture and submit each own their transaction, and both may be repeated.
    """
    wanted = drafting.wanted_lines(order)
    resolved = resolve_lines(wanted, partner)
    draft = _draft(order, content_hash, partner, wanted, resolved)
    try:
        captured, trouble = _capture(draft, actor, now)
    except DuplicatePurchaseOrder as taken:
        return _taken_by_twin(draft) or _number_taken(order, taken)
    cases = _unresolved_cases(captured, wanted, resolved, trouble)
    if captured.is_duplicate:
        return Taken(captured.order_id, False, False, ())
    may_submit = partner.is_confirmed and partner.auto_submit and order.kind not in drafting.NEVER_BY_ITSELF
    if not may_submit or cases:
        return Taken(captured.order_id, True, False, tuple(cases))
    refusal = _submit(captured, actor, now)
    return Taken(captured.order_id, True, refusal is None, (refusal,) if refusal else ())


def _capture(draft: OrderDraft, actor: Actor, now: datetime) -> tuple[Captured, str]:
    """Where our own rules refuse a value, the order is captured without it: an order is never lost to a unit."""
    try:
        return capture(draft, actor=actor, now=now), ""
    except InvalidInput as wrong:
        plain = _without(draft, [e.pointer for e in wrong.errors])
        return capture(plain, actor=actor, now=now), "; ".join(e.message for e in wrong.errors[:5])


def _without(draft: OrderDraft, pointers: Sequence[str]) -> OrderDraft:
    """Lines pointed at lose their product and place; a header pointed at loses its place and dates."""
    paths = [p.strip("/").split("/") for p in pointers]
    bad = {int(p[1]) for p in paths if p[0] == "lines" and len(p) > 1 and p[1].isdigit()}
    lines = tuple(replace(x, product_id=None, ship_to_id=None) if i in bad else x for i, x in enumerate(draft.lines))
    if all(p[0] == "lines" for p in paths):
        return replace(draft, lines=lines)
    return replace(draft, lines=lines, ship_to_id=None, cancel_after_date=None, currency="")


def _taken_by_twin(draft: OrderDraft) -> Taken | None:
    """The same content, captured by another run between our look and our write: that order is the answer."""
    key = (draft.channel, draft.account_id, draft.external_id)
    found = orders_by_external_id([key]).get(key)
    return Taken(found[0], False, False, ()) if found else None


def _number_taken(order: PurchaseOrder, taken: DuplicatePurchaseOrder) -> Taken:
    number = taken.data.get("number", "another order")
    said = f"PO {order.number} is already order {number}, with other content; this one was not entered."
    evidence = {"order_id": taken.data.get("order_id")}
    case = CaseAsk(kinds.EDI_PO_CHANGED, f"po:{order.number}", said, evidence)
    return Taken(None, False, False, (case,), said)


def _submit(captured: Captured, actor: Actor, now: datetime) -> CaseAsk | None:
    try:
        submit(order_id=captured.order_id, actor=actor, now=now)
    except DomainError as refusal:
        said = f"Order {captured.number} stays a draft: {refusal.in_words}"
        subject = DocumentRef("order", captured.order_id, captured.number)
        return CaseAsk(kinds.EDI_NOT_SUBMITTED, "submit", said, {"code": refusal.code}, subject)
    return None


# --- lines ------------------------------------------------------------------------------------------------------
def resolve_lines(wanted: Sequence[WantedLine], partner: Partner) -> list[ResolvedLine]:
    """Every part number of every line in one question; a line counts as clear when all its numbers agree."""
    asked = [
        PartQuery(f"{i}|{j}", partner.account_id, part.value, part.qualifier)
        for i, line in enumerate(wanted)
        for j, part in enumerate(line.source.parts)
    ]
    matches = catalog.resolve_parts(asked)
    products = catalog.product_snapshots({m.product_id for m in matches.values()})
    return [_resolved(i, line, matches, products, partner) for i, line in enumerate(wanted)]


def _resolved(
    i: int,
    line: WantedLine,
    matches: dict[str, PartMatch],
    products: dict[int, ProductSnapshot],
    partner: Partner,
) -> ResolvedLine:
    found = [m for j in range(len(line.source.parts)) if (m := matches.get(f"{i}|{j}"))]
    numbers = ", ".join(f"{p.qualifier} {p.value}" for p in line.source.parts) or "none given"
    where = f"PO1 (segment {line.source.position})"
    product_id = drafting.agreed_product(m.product_id for m in found)
    if product_id is None:
        what = "part numbers name different products" if found else "part number unknown"
        return ResolvedLine(None, line.source.unit[:10], f"{where}: {what}: {numbers}.")
    product = products[product_id]
    stated = line.source.unit or next((m.unit for m in found if m.unit), "")
    unit = drafting.our_unit(stated, partner.unit_map, product.units, product.base_unit)
    if unit is None:
        return ResolvedLine(None, stated[:10], f"{where}: {product.sku} has no unit {stated}.")
    return ResolvedLine(product_id, unit)


def _unresolved_cases(
    captured: Captured, wanted: Sequence[WantedLine], resolved: Sequence[ResolvedLine], trouble: str
) -> list[CaseAsk]:
    troubles = [r.trouble for r in resolved if r.trouble] + ([trouble] if trouble else [])
    if not troubles:
        return []
    value = sum(
        (w.quantity * w.source.price for w, r in zip(wanted, resolved, strict=True) if r.trouble and w.source.price),
        Decimal(0),
    )
    said = f"Order {captured.number}: {len(troubles)} of {len(wanted)} lines not clear. {troubles[0]}"
    subject = DocumentRef("order", captured.order_id, captured.number)
    evidence = {"lines": troubles[:50]}
    money = value.quantize(Decimal("0.01"))
    return [CaseAsk(kinds.EDI_UNKNOWN_PART, "parts", said, evidence, subject, money)]


# --- the draft --------------------------------------------------------------------------------------------------
def _draft(
    order: PurchaseOrder,
    content_hash: str,
    partner: Partner,
    wanted: Sequence[WantedLine],
    resolved: Sequence[ResolvedLine],
) -> OrderDraft:
    places = _ship_tos(order, wanted, partner)
    header = order.party("ST", "BS")
    ship_to = places.get(header.ident) if header and header.ident else None
    lines = [_line(w, r, places) for w, r in zip(wanted, resolved, strict=True)]
    return OrderDraft(
        account_id=partner.account_id,
        channel=Channel.EDI,
        currency=order.currency if len(order.currency) == 3 and order.currency.isalpha() else "",
        lines=tuple(lines),
        po_number=order.number[:60],
        release_number=order.release[:30],
        ship_to_id=ship_to or partner.default_ship_to_id,
        requested_date=order.requested_date,
        cancel_after_date=order.cancel_after,
        note=_note(order, wanted, places, known=bool(ship_to)),
        external_id=content_hash,
    )


def _ship_tos(order: PurchaseOrder, wanted: Sequence[WantedLine], partner: Partner) -> dict[str, int]:
    header = order.party("ST", "BS")
    idents = {w.place for w in wanted if w.place} | ({header.ident} if header and header.ident else set())
    found = accounts.match_ship_tos([(partner.account_id, i) for i in sorted(idents)]) if idents else {}
    return {ident: ship_to_id for (_, ident), ship_to_id in found.items()}


def _line(wanted: WantedLine, resolved: ResolvedLine, places: dict[str, int]) -> LineDraft:
    best = next(iter(drafting.in_our_order(wanted.source.parts)), None)
    return LineDraft(
        line_no=wanted.line_no,
        qty=wanted.quantity,
        unit=resolved.unit,
        product_id=resolved.product_id,
        stated_code=(best.value if best else wanted.source.description or f"line {wanted.ref}")[:80],
        stated_description=drafting.stated_description(wanted.source),
        stated_price=wanted.source.price,
        requested_date=wanted.on,
        ship_to_id=places.get(wanted.place),
        external_ref=wanted.ref,
    )


def _note(order: PurchaseOrder, wanted: Sequence[WantedLine], places: dict[str, int], *, known: bool) -> str:
    """The partner's words, and every address of his that is none of ours yet."""
    said = [drafting.order_note(order)]
    address = drafting.address_of(order.party("ST", "BS"))
    if address and not known:
        said.append(f"Ship to, as stated: {address}")
    said += [f"Line {w.ref} for place {w.place}" for w in wanted if w.place and w.place not in places]
    return "\n".join(s for s in said if s)[:6000]
