"""What finance does with an invoice: a page a step, one service call each."""

from collections.abc import Callable
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from billing.models import Dispute, Invoice
from billing.rules.asks import CreditSpec
from billing.services.dispute_invoice import credit_dispute, open_dispute, reject_dispute
from billing.services.draft_invoices import post_drafts
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.send_invoices import mark_sent
from billing.services.write_off import ask_write_off
from billing.states import OPEN, CreditKind, DisputeReason, DisputeStatus, InvoiceStatus
from core import clock
from core.choices import words
from core.console import ServiceAdmin, actor_of
from core.quantity import plain
from inventory.admin import steps
from inventory.admin.steps import Cell, Field, Head, Step, Table

ZERO = Decimal(0)
CREDITS = (CreditKind.RETURN, CreditKind.PRICE, CreditKind.GOODWILL)
Page = tuple[Step, Callable[[], str], list[str]]


def verbs_for(row: Invoice) -> list[tuple[str, str]]:
    """(verb, label) of what may be done with an invoice as it is."""
    if row.status == InvoiceStatus.DRAFT:
        return [("post", "Post now…")]
    found = [] if row.sent_at else [("send", "Note as sent…")]
    found.append(("credit", "Credit…"))
    if row.status in OPEN:
        if row.disputed_amount:
            found.append(("answer", "Answer the dispute…"))
        else:
            found.append(("dispute", "Dispute…"))
        found.append(("write-off", "Write off…"))
    return found


def run_step(screen: ServiceAdmin, request: HttpRequest, row: Invoice, verb: str) -> HttpResponse:
    made: dict[str, Callable[[HttpRequest, Invoice, str], Page]] = {
        "post": _post,
        "send": _send,
        "credit": _credit,
        "dispute": _dispute,
        "answer": _answer,
        "write-off": _write_off,
    }
    step, act, wrong = made[verb](request, row, reverse("admin:billing_invoice_change", args=[row.pk]))
    return steps.run(screen, request, step, act, wrong=wrong)


def _post(request: HttpRequest, row: Invoice, back: str) -> Page:
    intro = (f"{row.total_amount:,} {row.currency} is billed now; what ships later goes on the next invoice.",)

    def act() -> str:
        post_drafts(invoice_ids=[row.pk], actor=actor_of(request), now=clock.now())
        return f"Invoice {Invoice.objects.get(pk=row.pk).number} is posted."

    return Step(f"Post draft {row.number}", "Post", back, intro=intro), act, []


def _send(request: HttpRequest, row: Invoice, back: str) -> Page:
    how = request.POST.get("how", "").strip()
    fields = (Field("how", "How it was sent", how, help="E-mail, EDI, post."),)
    wrong = [] if how or request.method != "POST" else ["Say how it was sent."]

    def act() -> str:
        mark_sent(invoice_ids=[row.pk], how=how, actor=actor_of(request), now=clock.now())
        return f"{row.number} is noted as sent."

    return Step(f"{row.number} was sent", "Save", back, fields=fields), act, wrong


FREIGHT = [("kept", "stays billed"), ("back", "of quantities goes back too")]


def _credit(request: HttpRequest, row: Invoice, back: str) -> Page:
    """Quantities given back, or sums off the price, line by line."""
    wrong: list[str] = []
    rows, specs = [], []
    freight = request.POST.get("freight", "kept")
    for x in row.lines.select_related("product").order_by("pk"):
        label = str(x.product)
        qty = steps.quantity(request, f"qty-{x.pk}", label, wrong)
        amount = steps.quantity(request, f"amount-{x.pk}", label, wrong)
        if qty and amount:
            wrong.append(f"{label}: credit a quantity or a sum, not both.")
        elif qty or amount:
            specs.append(
                CreditSpec(x.pk, qty=qty or None, amount=None if qty else amount, with_freight=freight == "back")
            )
        left = f"{plain(x.qty - x.credited_qty)} · {x.amount - x.credited_amount:,}"
        rows.append(
            (
                Cell(label),
                Cell(left, True),
                Cell(request.POST.get(f"qty-{x.pk}", ""), True, name=f"qty-{x.pk}", label=f"Quantity of {label}"),
                Cell(request.POST.get(f"amount-{x.pk}", ""), True, name=f"amount-{x.pk}", label=f"Sum off {label}"),
            )
        )
    heads = (Head("Product"), Head("Left to credit", True), Head("Give back", True), Head("or off the price", True))
    kind, reason = request.POST.get("kind", CreditKind.RETURN.value), request.POST.get("reason", "").strip()
    fee = steps.quantity(request, "fee", "Restocking fee", wrong) or ZERO
    if request.method == "POST":
        wrong += [] if reason else ["Say why it is credited."]
        wrong += [] if kind in {k.value for k in CREDITS} else ["Choose a kind."]
    step = Step(
        f"Credit {row.number}",
        "Issue the credit memo",
        back,
        tables=(Table(heads, rows),),
        fields=(
            Field("kind", "Kind", kind, "select", options=[(k.value, words(k)) for k in CREDITS]),
            Field("fee", "Restocking fee", request.POST.get("fee", "")),
            *([Field("freight", "Freight", freight, "select", options=FREIGHT)] if row.freight_amount else []),
            Field("reason", "Reason", reason, help="It stands on the credit memo. Tax goes back in proportion."),
            steps.key_field(request),
        ),
    )

    def act() -> str:
        issue_credit_memo(
            account_id=row.account_id, kind=CreditKind(kind), lines=specs, reason=reason, fee_amount=fee,
            key=f"console {steps.key_of(request)}", actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
        return "The credit memo is posted and applied."

    return step, act, wrong


def _dispute(request: HttpRequest, row: Invoice, back: str) -> Page:
    wrong: list[str] = []
    amount = steps.quantity(request, "amount", "Amount", wrong) or ZERO
    reason, note = request.POST.get("reason", DisputeReason.PRICE.value), request.POST.get("note", "").strip()
    if request.method == "POST" and reason not in set(DisputeReason):
        wrong.append("Choose a reason.")
    fields = (
        Field("amount", "Disputed amount", request.POST.get("amount", str(row.open_amount))),
        Field("reason", "Reason", reason, "select", options=[(r.value, words(r)) for r in DisputeReason]),
        Field("note", "What the customer says", note, "textarea"),
    )
    intro = (f"{row.open_amount:,} {row.currency} is open. Finance gets a case with a clock.",)

    def act() -> str:
        open_dispute(
            invoice_id=row.pk, amount=amount, reason=DisputeReason(reason), note=note, actor=actor_of(request),
            now=clock.now(),
        )  # fmt: skip
        return f"{row.number} is disputed."

    return Step(f"Dispute {row.number}", "Open the dispute", back, intro=intro, fields=fields), act, wrong


def _answer(request: HttpRequest, row: Invoice, back: str) -> Page:
    dispute = Dispute.objects.filter(invoice=row, status=DisputeStatus.OPEN).first()
    answer, outcome = request.POST.get("answer", "").strip(), request.POST.get("outcome", "")
    intro = (f"{dispute.amount:,} {row.currency}, {words(dispute.reason)}: {dispute.note}",) if dispute else ()
    options = [("", "Choose"), ("credit", "Credit the disputed sum"), ("reject", "Reject: the invoice stands")]
    fields = (
        Field("outcome", "Answer", outcome, "select", options=options),
        Field("answer", "In words", answer, "textarea", help="The customer reads this."),
    )
    wrong = [] if request.method != "POST" or outcome in ("credit", "reject") else ["Choose an answer."]

    def act() -> str:
        verb = credit_dispute if outcome == "credit" else reject_dispute
        ident = dispute.pk if dispute else 0
        verb(dispute_id=ident, answer=answer, actor=actor_of(request), now=clock.now())
        return f"The dispute of {row.number} is answered."

    return Step(f"Answer the dispute of {row.number}", "Answer", back, intro=intro, fields=fields), act, wrong


def _write_off(request: HttpRequest, row: Invoice, back: str) -> Page:
    wrong: list[str] = []
    amount = steps.quantity(request, "amount", "Amount", wrong) or ZERO
    reason = request.POST.get("reason", "").strip()
    fields = (
        Field("amount", "Amount", request.POST.get("amount", str(row.open_amount))),
        Field("reason", "Reason", reason, help="Whoever approves reads this."),
    )
    intro = (f"{row.open_amount:,} {row.currency} is open. Nothing moves before somebody else approves.",)

    def act() -> str:
        ask_write_off(invoice_id=row.pk, amount=amount, reason=reason, actor=actor_of(request), now=clock.now())
        return "The write-off waits for approval."

    return Step(f"Write off {row.number}", "Ask for approval", back, intro=intro, fields=fields), act, wrong
