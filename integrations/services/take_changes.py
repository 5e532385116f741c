"""A purchase order came again with other content: what it changes is an amendment of the order it made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.actors import Actor
from core.errors import FieldError, InvalidInput, Refused
from core.refs import DocumentRef
from integrations import exception_kinds as kinds
from integrations import queries
from integrations.queries import partner_by_id, transaction_by_id
from integrations.rules.drafting import WantedLine, wanted_lines
from integrations.rules.fate import judge
from integrations.rules.x12_tree import Group, Interchange
from integrations.services.close_transaction_cases import close_transaction_cases
from integrations.services.correct_transaction import OPEN, NotKeptAside
from integrations.services.decide_transaction import Decision, decide_transaction
from integrations.services.replay_transaction import transaction_of
from integrations.services.take_order import ResolvedLine, resolve_lines
from integrations.states import TransactionState
from orders.queries import known_lines, pictures
from orders.rules.picture import OrderPicture
from orders.rules.wishes import LineWish, Wish
from orders.services.amend import Amended, amend

ZERO = Decimal(0)


class NoOrderToChange(Refused):
    template = "{number} changes no order of ours: none was made of its PO number."
    remedy_template = "Replay it: it may make the order itself."


@dataclass(frozen=True)
class Changes:
    """What the transaction wants of the order: every line by the partner's own reference, those it does not name taken
    out. Addresses stay as they are."""

    order: OrderPicture
    wish: Wish
    unclear: tuple[str, ...]
    po_number: str
    release_number: str


def changes_of(transaction_id: int) -> Changes:
    """Raises NotKeptAside, NoOrderToChange. Nothing is written."""
    row = transaction_by_id(transaction_id)
    if row.state not in OPEN or row.partner_id is None:
        raise NotKeptAside(number=str(row), state=row.get_state_display().lower())
    partner = partner_by_id(row.partner_id)
    transaction = transaction_of(row.text, row.element_separator, row.set_id, row.control)
    group = Group(("GS", *[""] * 8), (transaction,))
    said = judge(transaction, group, Interchange(("",) * 17, transaction.separators, (group,), ""), strict=False).order
    if said is None:
        raise NoOrderToChange(number=str(row))
    key = (said.number[:60], said.release[:30])
    earlier = queries.sets_by_po(partner.id, [key[0]]).get(key)
    order = pictures([earlier.order_id]).get(earlier.order_id) if earlier and earlier.order_id else None
    if order is None:
        raise NoOrderToChange(number=str(row))
    wanted = wanted_lines(said)
    resolved = resolve_lines(wanted, partner)
    wish = Wish(tuple(_wishes(order, list(zip(wanted, resolved, strict=True)))))
    unclear = tuple(r.trouble for r in resolved if r.trouble)
    return Changes(order, wish, unclear, *key)


def _wishes(order: OrderPicture, said: Sequence[tuple[WantedLine, ResolvedLine]]) -> list[LineWish]:
    """Lines that name the same product under the same reference stand as they are said now; another product under it is
    a new line, and the old one is taken out. A line nobody could match is left out: the wish is not complete then."""
    numbers = known_lines([order.order_id]).get(order.order_id, {})
    products = {x.line_no: x.product_id for x in order.lines}
    wishes, kept = [], set()
    for wanted, line in said:
        number = numbers.get(wanted.ref)
        if number is not None and products.get(number) == line.product_id:
            kept.add(number)
            wishes.append(LineWish(number, wanted.quantity, line.unit, requested_date=wanted.on))
        elif line.product_id is not None:
            new = LineWish(None, wanted.quantity, line.unit, line.product_id, wanted.on, external_ref=wanted.ref)
            wishes.append(new)
    gone = [x.line_no for x in order.lines if x.line_no not in kept and x.qty > 0]
    return [*wishes, *(LineWish(n, ZERO) for n in gone)]


def take_changes(*, transaction_id: int, reason: str, actor: Actor, now: datetime) -> Amended:
    """Amend the order, then note the transaction as taken: two transactions, and the second alone where the first is done.

    Raises NotKeptAside, NoOrderToChange, InvalidInput (a line nobody could match) and what `amend` raises; NothingToAmend
    where the order says the same already.
    """
    found = changes_of(transaction_id)
    if found.unclear:
        raise InvalidInput([FieldError("/lines", "unknown_part", words) for words in found.unclear])
    amended = amend(
        order_id=found.order.order_id, wish=found.wish, expected_version=found.order.version, reason=reason,
        actor=actor, now=now,
    )  # fmt: skip
    decision = Decision(
        TransactionState.ACCEPTED, f"Taken as a change of {amended.number}.", order_id=amended.order_id,
        po_number=found.po_number, release_number=found.release_number,
    )  # fmt: skip
    account_id = found.order.account_id
    decide_transaction(transaction_id=transaction_id, account_id=account_id, decision=decision, actor=actor, now=now)
    ref = DocumentRef("edi_transaction", transaction_id)
    close_transaction_cases(subject=ref, kind=kinds.EDI_PO_CHANGED, actor=actor, now=now)
    return amended
