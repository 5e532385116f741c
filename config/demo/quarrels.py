"""Money people argue about, today: paid by card or declined, written off by two people, disputes answered, claims of a
distributor, a rebate paid, revenue that is not earned yet."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps

from accounts import approvals
from billing.queries import unpaid_invoices_of_account
from billing.rules.asks import InvoiceView
from billing.rules.claims import ClaimSpec
from billing.services.claim_chargebacks import claim_chargeback
from billing.services.dispute_invoice import credit_dispute, open_dispute, reject_dispute
from billing.services.pay_online import start_payment
from billing.services.pay_rebate import pay_rebate
from billing.services.recognize_revenue import hold_revenue, record_use
from billing.services.write_off import ask_write_off
from billing.states import Delivery, DisputeReason, Grouping, Recognition
from config.demo.clockwork import run_owed_jobs
from config.demo.contracts import cut
from config.demo.world import Customer, Item, World
from core.actors import Actor

ANYBODY = Actor("Buyer", roles=frozenset({"buyer"}), channel="portal")
ONE, A_DOZEN = Decimal(1), Decimal(12)
EARNED = (("PUMP", Recognition.OVER_TIME, 12), ("IMPL", Recognition.USE, 1), ("INSTR", Recognition.DELIVER, 1))


def revenue_rules(world: World) -> None:
    """A pump is sold with a year of service, an implant is revenue when it is used, an instrument when it arrives."""
    for code, event, months in EARNED:
        category_id = _model("catalog.Category").objects.get(code=code).pk
        world.keep("billing.RecognitionRule", category_id=category_id, event=event, months=months)


def make(world: World) -> None:
    now = world.now - timedelta(minutes=75)
    _choices(world)
    _payments(world, now)
    _write_offs(world, now + timedelta(minutes=10))
    _disputes(world, now + timedelta(minutes=30))
    _claims(world, now + timedelta(minutes=40))
    _earned(world, now + timedelta(minutes=50))


def _choices(world: World) -> None:
    """The hospital system wants one invoice a month, the clinic one a week, there to be read in the portal."""
    for kind, grouping in (("system", Grouping.MONTH), ("clinic", Grouping.WEEK)):
        if customer := next((c for c in world.customers if c.kind == kind), None):
            world.keep("billing.InvoicingChoice", account_id=customer.id, grouping=grouping, delivery=Delivery.PORTAL)


def _payments(world: World, now: datetime) -> None:
    """The buyer pays an invoice by card; a second card is declined (another customer's, where the first owes nothing)."""
    first = world.customers[0].id
    found = [i for i in unpaid_invoices_of_account(first, limit=9) if i.currency == "USD"]
    found += _unpaid(world, 2, but=first)
    for invoice, method in zip(found, ("card", "card-declined"), strict=False):
        start_payment(
            account_id=invoice.account_id, amounts={invoice.id: invoice.open_amount}, method=method,
            key=f"demo {method}", now=now, actor=world.people["buyer"] if invoice.account_id == first else ANYBODY,
        )  # fmt: skip
    run_owed_jobs(now + timedelta(minutes=1))


def _write_offs(world: World, now: datetime) -> None:
    """Finance asks, the finance approver decides: one posted, one refused, one that waits."""
    asked = (
        (Decimal("0.37"), "Bank charge the customer's bank took off", True),
        (Decimal("18.50"), "Customer says a box was missing", False),
        (Decimal("4.20"), "Rounding of the customer's system, a claim costs more", None),
    )
    invoices = _unpaid(world, len(asked), but=world.customers[0].id)
    for invoice, (amount, why, verdict) in zip(invoices, asked, strict=False):
        row_id = ask_write_off(
            invoice_id=invoice.id, amount=min(amount, invoice.open_amount), reason=why, actor=world.people["finance"],
            now=now,
        )  # fmt: skip
        if verdict is not None:
            approval_id = _model("billing.WriteOff").objects.values_list("approval_id", flat=True).get(pk=row_id)
            approvals.decide(
                approval_id=approval_id, approve=verdict, note="" if verdict else "Ask for their packing slip first",
                actor=world.people["finance-approver"], now=now + timedelta(minutes=6),
            )  # fmt: skip
    run_owed_jobs(now + timedelta(minutes=7))


def _disputes(world: World, now: datetime) -> None:
    """Two more that are answered: one credited, one where the invoice stands."""
    told = (
        (DisputeReason.PRICE, "The contract says 12 % less"),
        (DisputeReason.DUPLICATE, "Paid with another invoice"),
    )
    for n, (invoice, (reason, note)) in enumerate(zip(_unpaid(world, 5)[3:], told, strict=False)):
        finance = world.people["finance"]
        dispute_id = open_dispute(
            invoice_id=invoice.id, amount=min(Decimal("31.40"), invoice.open_amount), reason=reason, note=note,
            actor=world.people["cs"], now=now,
        )  # fmt: skip
        if n == 0:
            answer = "Right: the new prices held a day earlier"
            credit_dispute(dispute_id=dispute_id, answer=answer, actor=finance, now=now + timedelta(minutes=4))
        else:
            answer = "No second payment has come: the bank's file is in the case"
            reject_dispute(dispute_id=dispute_id, answer=answer, actor=finance, now=now + timedelta(minutes=5))
    run_owed_jobs(now + timedelta(minutes=6))


def _unpaid(world: World, count: int, but: int = 0) -> list[InvoiceView]:
    """An open invoice of different customers, none of them argued about; the first customers' first."""
    found: list[InvoiceView] = []
    for customer in world.customers:
        rows = [i for i in unpaid_invoices_of_account(customer.id, limit=20) if i.currency == "USD"]
        if customer.id != but and rows:
            found.append(rows[-1])
        if len(found) == count:
            break
    return found


def _claims(world: World, now: datetime) -> None:
    """A laboratory that sells on to a hospital of the buying group claims what the contract's price cost it: one claim as
    agreed, one for a member nobody knows."""
    hospital, sold = world.customers[0], _sold_on(world)
    if sold is None:
        return
    customer, item, currency = sold
    agreed = cut(item.price, 16)
    for reference, member in (("D-20771", hospital.code), ("D-20772", "LAKESIDE-77")):
        claim = ClaimSpec(
            customer.id, reference, "GPO-NORVALE", member, item.sku, A_DOZEN, world.today - timedelta(days=3), item.price,
            agreed, currency,
        )  # fmt: skip
        claim_chargeback(claim, actor=world.people["finance"], now=now)
    run_owed_jobs(now + timedelta(minutes=1))


def _sold_on(world: World) -> tuple[Customer, Item, str] | None:
    """Who, what: a product on the group's contract that somebody outside the group bought of us, newest first."""
    on_contract = {i.id: i for i in world.items[1::3][2:50]}
    outside = {c.id: c for c in world.customers if c.kind in ("lab", "ortho", "vet", "care")}
    lines = _model("billing.InvoiceLine").objects.filter(
        product_id__in=on_contract, invoice__account_id__in=outside, qty__gte=A_DOZEN, invoice__currency="USD"
    )
    row = lines.order_by("-pk").values_list("invoice__account_id", "product_id", "invoice__currency").first()
    return (outside[row[0]], on_contract[row[1]], row[2]) if row else None


def _earned(world: World, now: datetime) -> None:
    """Some implants were used, and the service of a pump that is argued about is not recognized for now."""
    finance, rows = world.people["finance"], _model("billing.Obligation").objects.order_by("-pk")
    if used := rows.filter(event=Recognition.USE, allocated_amount__gt=0).values_list("pk", flat=True).first():
        record_use(used={used: ONE}, actor=finance, now=now)
    held = rows.filter(event=Recognition.OVER_TIME).values_list("pk", flat=True).first()
    if held:
        hold_revenue(obligation_id=held, reason="The customer wants the pump taken back", actor=finance, now=now)
    program = _model("pricing.RebateProgram").objects.order_by("pk").values_list("pk", flat=True).first()
    owed = _model("billing.RebateEntry").objects.filter(program_id=program, amount__gt=0).order_by("pk")
    if row := owed.filter(invoice_line__invoice__currency="USD").values_list("account_id", flat=True).first():
        pay_rebate(program_id=program, account_id=row, currency="USD", actor=world.people["finance-approver"], now=now)


def _model(name: str) -> Any:
    return apps.get_model(name)
