"""Credit what came back: at the price it was invoiced at with its tax, and its freight where the fault is ours, less the
restocking fee, once for the return."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Sum

from billing.models import CreditMemo, InvoiceLine, Repricing
from billing.rules.asks import CreditSpec
from billing.rules.charges import Charges, charges_back
from billing.rules.credits import CreditedLine, worth
from billing.services.issue_credit_memo import charges_left, credit_lines
from billing.states import CreditKind, InvoiceStatus
from core.actors import Actor
from core.errors import NotFound, Refused
from core.money import EXACT, round_amount
from core.quantity import plain
from core.refs import DocumentRef
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from fulfillment.return_queries import CreditBasis, ReturnHead, credit_basis, return_head
from fulfillment.services.move_return import lock_return, mark_credited
from fulfillment.states import ReturnStatus

ZERO = Decimal(0)
PERCENT = Decimal(100)


class NotInvoicedYet(Refused):
    template = "Return {number} cannot be credited: {qty} of what came back are not invoiced yet."
    remedy_template = "Invoice the shipment (or clear what holds the invoice), then credit the return again."


@door_verb
def credit_return(*, return_id: int, actor: Actor, now: datetime) -> int | None:
    """The credit memo's id; None where nothing is to be credited: it is not inspected yet, nothing of it stays with us, or
    the fee takes it all (it is of the goods: tax goes back under a fee of 100 % too). Said again it gives the same memo.

    The units are those whose lot came back, at the price of their own invoice line, and with what was rebilled for them
    since. Locks: credit 10, the return 30,
    invoices 40, the number 90. Raises NotFound, NotInvoicedYet.
    """
    head = return_head(return_id)
    if head is None:
        raise NotFound(kind="return", ident=return_id)
    lock_accounts([head.account_id])
    status = lock_return(return_id)
    basis = credit_basis(return_id)
    if known := _memo(return_id):
        return known[0]
    if status != ReturnStatus.DISPOSITIONED or not basis:
        return None
    return _credit(head, basis, actor, now)


def _credit(head: ReturnHead, basis: list[CreditBasis], actor: Actor, now: datetime) -> int | None:
    lines = _invoiced(head, basis)
    lines += _rebilled(basis, lines)
    total = sum((worth(x.state, x.qty, x.currency) for x in lines), ZERO)
    currency = lines[0].currency
    fee = round_amount(EXACT.divide(EXACT.multiply(total, head.fee_percent), PERCENT), currency)
    if fee >= total and not _charges(lines):
        return None
    memo_id = credit_lines(
        account_id=head.account_id,
        kind=CreditKind.RETURN,
        lines=[x.spec for x in lines],
        reason=f"Return {head.number}: {head.reason}",
        key=_key(head.id),
        fee_amount=fee,
        source=DocumentRef("return", head.id, head.number),
        actor=actor,
        now=now,
    )
    number = CreditMemo.objects.values_list("number", flat=True).get(pk=memo_id)
    mark_credited(head.id, number, actor=actor, now=now)
    return memo_id


def _charges(back: Sequence["_Back"]) -> Decimal:
    """What of tax and freight goes back with the goods. One statement."""
    rows = {x.pk: x for x in InvoiceLine.objects.filter(pk__in=[x.invoice_line_id for x in back])}
    return sum((x.charges(charges_left(rows[x.invoice_line_id])).total for x in back), ZERO)


def _key(return_id: int) -> str:
    return f"return:{return_id}"


def _memo(return_id: int) -> tuple[int, str] | None:
    """(id, number) of the memo that credited it."""
    return CreditMemo.objects.filter(key=_key(return_id)).values_list("pk", "number").first()


class _Back(NamedTuple):
    """What is credited of an invoice line, and how that stands: `qty` of the units of `state`. Where the line bills no goods
    of its own it is a sum off it."""

    invoice_line_id: int
    qty: Decimal
    state: CreditedLine
    currency: str
    is_of_goods: bool = True
    with_freight: bool = False

    @property
    def spec(self) -> CreditSpec:
        if self.is_of_goods:
            return CreditSpec(self.invoice_line_id, qty=self.qty, with_freight=self.with_freight)
        return CreditSpec(self.invoice_line_id, amount=worth(self.state, self.qty, self.currency))

    def charges(self, left: Charges) -> Charges:
        amount = worth(self.state, self.qty, self.currency)
        return charges_back(self.spec, self.state, left, amount, self.currency)


_STATE = ("pk", "qty", "amount", "credited_qty", "credited_amount", "invoice__currency")


def _invoiced(head: ReturnHead, basis: Iterable[CreditBasis]) -> list[_Back]:
    """NotInvoicedYet names what has no invoice line."""
    wanted = {b.shipment_line_id: b for b in basis}
    rows = InvoiceLine.objects.filter(shipment_line__in=list(wanted)).exclude(invoice__status=InvoiceStatus.DRAFT)
    found = {
        x: _Back(pk, wanted[x].qty, CreditedLine(*state), currency, with_freight=head.refunds_freight)
        for x, pk, *state, currency in rows.order_by("pk").values_list("shipment_line_id", *_STATE)
    }
    if missing := set(wanted) - set(found):
        raise NotInvoicedYet(number=head.number, qty=plain(sum((wanted[i].qty for i in missing), ZERO)))
    return list(found.values())


def _rebilled(basis: Iterable[CreditBasis], back: Sequence[_Back]) -> list[_Back]:
    """Of the same units, what they were billed more for since: it goes back with them. A repricing billed all units the
    customer kept of the order line, whichever invoice line they are of; a price that was settled those of its line."""
    wanted: dict[int, Decimal] = {}
    for b in basis:
        wanted[b.order_line_id] = wanted.get(b.order_line_id, ZERO) + b.qty
    mine = {x.invoice_line_id: x for x in back}
    rows = InvoiceLine.objects.filter(order_line__in=list(wanted), rebills__isnull=False)
    rows = rows.exclude(invoice__status=InvoiceStatus.DRAFT).order_by("pk")
    rows = rows.annotate(is_repriced=Exists(Repricing.objects.filter(rebills=OuterRef("invoice"))))
    kept = _kept(list(wanted))
    found = []
    for order_line_id, base_id, is_repriced, pk, *state, currency in rows.values_list(
        "order_line_id", "rebills_id", "is_repriced", *_STATE
    ):
        line = CreditedLine(*state)
        base = mine.get(base_id)
        qty, of = (
            (wanted[order_line_id], kept.get(order_line_id, ZERO))
            if is_repriced
            else (base.qty, base.state.open_qty)
            if base
            else (ZERO, ZERO)
        )
        state = CreditedLine(of, line.open_amount)
        if qty > ZERO and worth(state, qty, currency) > ZERO:  # under half a cent waits for the units after these
            found.append(_Back(pk, qty, state, currency, is_of_goods=False))
    return found


def _kept(order_line_ids: list[int]) -> dict[int, Decimal]:
    """{order line: base units billed and not given back}."""
    rows = InvoiceLine.objects.filter(order_line__in=order_line_ids, rebills=None)
    rows = rows.exclude(invoice__status=InvoiceStatus.DRAFT)
    sums = rows.values("order_line_id").annotate(kept=Sum(F("qty") - F("credited_qty")))
    return dict(sums.values_list("order_line_id", "kept"))
