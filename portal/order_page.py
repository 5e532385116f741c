"""An order as its buyer sees it: progress, a promise per line, holds in plain words, shipments and invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from accounts.queries import ship_to_snapshots, user_names
from accounts.rules.asks import AccountSnapshot
from billing.queries import invoices_of
from billing.rules.asks import InvoiceView
from catalog.queries import product_snapshots
from catalog.rules.asks import ProductSnapshot
from core.journal import timeline
from core.refs import DocumentRef
from credit.queries import terms_by_code
from inventory.queries import promises
from inventory.rules.asks import PromiseSlice
from inventory.split_queries import slices_in_words
from orders import queries as orders
from orders.beyond import delivered_of_lines
from orders.clock_queries import clocks_of
from orders.filters import OrderSummary
from orders.line_queries import kept_days
from orders.revision_queries import RevisionView, revisions_of
from orders.rules.asks import HoldView, Progress
from orders.rules.clocks import Clock
from orders.rules.exposure import unreleased
from orders.rules.picture import LinePicture, OrderPicture
from orders.rules.requests import askable
from orders.rules.standing import line_standing, order_standing
from orders.rules.telling import told_words
from orders.states import Channel
from portal.answers import is_answered
from portal.asking import can_ask
from portal.lists import invoice_sign
from portal.parcels import ShipmentCard, shipment_cards
from portal.returning import return_cards
from portal.rules.progress import Step, expected_words, moved, sign, steps
from portal.rules.words import Sign, hold_words
from portal.wishes import can_wish

ZERO = Decimal(0)
LINES_A_PAGE = 50
NEWEST_TOLD = 6  # of what happened; the rest unfolds
LISTED_MOVES = 10  # in the banner; every line says its own
TOLD = frozenset(
    {"captured", "extended", "submitted", "hold_cleared", "released", "shipped", "delivered", "invoiced", "cancelled"}
    | {"closed", "lines_cancelled", "promise_changed", "substituted", "promise_kept", "line_split", "price_asked"}
    | {"promise_asked", "allowance_asked", "release_asked", "terms_asked"}
    | {"refused", "amended"}
)


@dataclass(frozen=True)
class PromisePart:
    """`qty` arrives on `day` (None: no date yet); `was` is the day it was first promised for, where that moved."""

    qty: Decimal
    day: date | None
    was: date | None = None


@dataclass(frozen=True)
class LineView:
    """Quantities in `unit`, the base unit; `open` of it can still be cancelled."""

    line_no: int
    sku: str
    name: str
    unit: str
    ordered: Decimal
    shipped: Decimal
    state: Sign
    promises: tuple[PromisePart, ...]
    split: str
    unit_price: Decimal | None
    amount: Decimal
    open: Decimal


@dataclass(frozen=True)
class MovedPromise:
    """A line whose promise moved, and whether the buyer has a choice: not of what is in the warehouse's hands."""

    words: str
    line_no: int
    has_choice: bool


@dataclass(frozen=True)
class OrderPage:
    number: str
    po_number: str
    status: str
    state: Sign
    clocks: tuple[Clock, ...]
    currency: str
    time_zone: str
    placed_at: datetime | None
    placed_by: str
    ship_to: str
    requested_date: date | None
    terms: str
    total: Decimal
    tax: Decimal
    freight: Decimal
    owed: Decimal
    steps: tuple[Step, ...]
    holds: tuple[Mapping[str, str], ...]
    moved: tuple[MovedPromise, ...]
    can_cancel: bool
    can_change: bool
    can_ask: bool
    can_wish: bool
    can_let_go: bool
    can_ask_terms: bool
    waits: bool
    continue_url: str
    not_later_than: date | None
    lines: tuple[LineView, ...]
    first_line: int
    line_count: int
    shipments: tuple[ShipmentCard, ...]
    invoices: tuple[Mapping[str, Any], ...]
    timeline: tuple[Any, ...]
    returns: tuple[Mapping[str, Any], ...]
    revisions: tuple[RevisionView, ...] = ()

    @property
    def can_return(self) -> bool:
        """Something of it has left."""
        return any(s.has_left for s in self.shipments)

    @property
    def is_priced(self) -> bool:
        """A draft of another channel has no prices before it is submitted: nothing is not 0.00."""
        return self.status != "draft" or bool(self.total)

    @property
    def newest(self) -> tuple[Any, ...]:
        return self.timeline[:NEWEST_TOLD]

    @property
    def earlier(self) -> tuple[Any, ...]:
        return self.timeline[NEWEST_TOLD:]

    @property
    def more_moved(self) -> int:
        return max(len(self.moved) - LISTED_MOVES, 0)

    @property
    def first_moved(self) -> tuple[MovedPromise, ...]:
        return self.moved[:LISTED_MOVES]

    @property
    def older_lines(self) -> int:
        """The place of the first line of the next page; 0 when this is the last."""
        following = self.first_line + len(self.lines)
        return following if following <= self.line_count else 0

    @property
    def line_words(self) -> str:
        return f"{self.first_line}–{self.first_line + len(self.lines) - 1} of {self.line_count}"


def order_page(head: OrderSummary, *, account: AccountSnapshot, now: datetime, first_line: int = 1) -> OrderPage:
    """Everything the page shows, in a constant number of statements for 1 and for 500 lines."""
    order_id = head.order_id
    picture = orders.pictures([order_id])[order_id]
    products = product_snapshots({x.product_id for x in picture.lines if x.product_id})
    slices = promises([x.demand.demand_id for x in picture.lines if x.demand])
    of_line = {x.line_no: slices.get(x.demand.demand_id, ()) if x.demand else () for x in picture.lines}
    holds = orders.holds_of([order_id]).get(order_id, ())
    progress = orders.progress([order_id])[order_id]
    kept = kept_days([x.line_id for x in picture.lines if x.line_id])
    shown = picture.lines[first_line - 1 : first_line - 1 + LINES_A_PAGE]
    said = slices_in_words({x.line_no: of_line[x.line_no] for x in shown})
    arrived = delivered_of_lines([x.line_id for x in shown if x.line_id])
    return OrderPage(
        number=picture.number,
        po_number=picture.po_number,
        status=picture.meta["status"],
        state=sign(order_standing(picture.meta["status"], progress, is_held=bool(holds))),
        clocks=tuple(c for c in clocks_of([order_id])[order_id] if c.for_buyers),
        currency=picture.currency,
        time_zone=account.time_zone,
        placed_at=picture.meta["submitted_at"],
        placed_by=_entered_by(head),
        ship_to=_ship_to(picture),
        requested_date=picture.requested_date,
        terms=_terms(picture.terms_code),
        total=picture.total,
        tax=picture.tax,
        freight=picture.freight,
        owed=picture.owed,
        steps=_steps(picture, progress, holds, [s for many in of_line.values() for s in many]),
        holds=tuple({"title": "On hold.", "text": hold_words(h.reason, h.rule)} for h in holds),
        moved=tuple(
            MovedPromise(words, x.line_no, _open(x) > 0)
            for x in picture.lines
            if not is_answered(x, of_line[x.line_no], kept)
            for words in moved(_sku(x, products), of_line[x.line_no])
        ),
        can_cancel=any(_open(x) > 0 for x in picture.lines),
        can_change=picture.meta["status"] == "submitted" and progress.shipped < progress.ordered - progress.cancelled,
        can_ask=picture.meta["status"] in ("draft", "submitted") and any(can_ask(x) for x in picture.lines),
        can_wish=can_wish(picture),
        can_let_go=bool(askable(holds)),
        can_ask_terms=picture.meta["status"] in ("draft", "submitted"),
        waits=any(x.demand and x.demand.backordered > 0 for x in picture.lines),
        continue_url=_continue_url(head),
        not_later_than=picture.cancel_after_date,
        lines=tuple(
            _line(
                x, products, of_line[x.line_no], said.get(x.line_no, ""), bool(holds), arrived.get(x.line_id or 0, ZERO)
            )
            for x in shown
        ),
        first_line=first_line,
        line_count=len(picture.lines),
        shipments=shipment_cards(order_id, account, now),
        invoices=tuple(_invoice(i) for i in invoices_of([order_id]).get(order_id, [])),
        timeline=_history(DocumentRef("order", order_id, picture.number)),
        revisions=revisions_of(order_id),
        returns=return_cards([x.line_id for x in picture.lines if x.line_id]),
    )


def _history(ref: DocumentRef) -> tuple[Mapping[str, Any], ...]:
    told = (t for t in timeline(ref) if t.verb in TOLD)
    return tuple({"at": t.at, "summary": told_words(t.verb, t.summary)} for t in told)


def _line(
    line: LinePicture,
    products: Mapping[int, ProductSnapshot],
    slices: Sequence[PromiseSlice],
    split: str,
    is_held: bool,
    delivered: Decimal,
) -> LineView:
    product = products.get(line.product_id or 0)
    return LineView(
        line_no=line.line_no,
        sku=_sku(line, products),
        name=product.name if product else "No product has this number",
        unit=product.base_unit if product else "",
        ordered=line.qty,
        shipped=line.demand.shipped if line.demand else ZERO,
        state=sign(line_standing(line.demand, is_held=is_held, delivered=delivered)),
        promises=_parts(slices),
        split=split,
        unit_price=line.unit_price,
        amount=line.amount,
        open=_open(line),
    )


def _parts(slices: Sequence[PromiseSlice]) -> tuple[PromisePart, ...]:
    """What arrives on a day is one part for the buyer, from however many sites it comes."""
    found: dict[tuple[date | None, date | None], Decimal] = {}
    for s in slices:
        when = s.delivery_date or s.ship_date, s.first_delivery_date if _has_moved(s) else None
        found[when] = found.get(when, ZERO) + s.qty
    return tuple(PromisePart(qty, day, was) for (day, was), qty in found.items())


def _has_moved(part: PromiseSlice) -> bool:
    return bool(part.first_delivery_date and part.delivery_date and part.delivery_date > part.first_delivery_date)


def _open(line: LinePicture) -> Decimal:
    return unreleased(line.demand) if line.demand else ZERO


def _continue_url(head: OrderSummary) -> str:
    """Where a draft made in the portal is gone on with; the drafts of other channels are ours to finish."""
    is_cart = head.status == "draft" and head.channel == Channel.PORTAL
    return f"{reverse('portal:quick-order')}?draft={head.number}" if is_cart else ""


def _steps(
    picture: OrderPicture, progress: Progress, holds: Sequence[HoldView], slices: Sequence[PromiseSlice]
) -> tuple[Step, ...]:
    return steps(
        picture.meta["status"],
        picture.meta["submitted_at"],
        progress,
        is_held=bool(holds),
        expected=expected_words(slices),
    )


def _invoice(i: InvoiceView) -> Mapping[str, Any]:
    state = invoice_sign(i.status)
    return {
        "number": i.number,
        "state": state,
        "due_date": i.due_date,
        "total": i.total_amount,
        "currency": i.currency,
    }


def _terms(code: str) -> str:
    """What the terms are called: "Net 45 days" for NET45."""
    found = terms_by_code([code]) if code else {}
    return found[code].name if code in found else code


def _sku(line: LinePicture, products: Mapping[int, ProductSnapshot]) -> str:
    product = products.get(line.product_id or 0)
    return product.sku if product else line.stated_code


def _ship_to(picture: OrderPicture) -> str:
    place = ship_to_snapshots([picture.ship_to_id]).get(picture.ship_to_id) if picture.ship_to_id else None
    return ", ".join(part for part in (place.name, place.city) if part) if place else ""


def _entered_by(head: OrderSummary) -> str:
    return user_names([head.entered_by_id]).get(head.entered_by_id, "") if head.entered_by_id else ""
