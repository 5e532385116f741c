"""What follows the invoices: commissions of the reps with a paid and a disputed statement, a rebate, a disputed invoice."""

from datetime import timedelta
from decimal import Decimal

from billing.commission_queries import reps_with_earnings, statement_lines
from billing.queries import invoices_of_account, unpaid_invoices_of_account
from billing.services.commission_statements import close_statement, dispute_line, pay_statement
from billing.services.dispute_invoice import open_dispute
from billing.services.follow_invoices import follow_invoices
from billing.services.settle_commissions import settle_commissions
from billing.states import DisputeReason
from config.demo import quarrels
from config.demo.world import SEEDER, World
from reporting.services.build_kpis import build_kpis

INVOICES = 150  # the latest of the largest customers: a demo shows a statement, not a year of them


def make(world: World) -> None:
    plan = world.keep("billing.CommissionPlan", code="FIELD", name="Field sales")
    version = world.keep(
        "billing.PlanVersion", plan_id=plan, number=1, valid_from=world.start - timedelta(days=200), note="First plan"
    )
    for kind, percent, margin in (("revenue", "4", None), ("revenue", "6", "45"), ("overlay", "1", None)):
        world.keep(
            "billing.CommissionRate",
            version_id=version,
            kind=kind,
            percent=Decimal(percent),
            min_margin_percent=Decimal(margin) if margin else None,
        )
    for rep_id in world.reps.values():
        world.keep("billing.PlanMember", rep_id=rep_id, plan_id=plan, valid_from=world.start - timedelta(days=200))
    for code, group_id in sorted(world.groups.items())[:1]:
        world.keep(
            "pricing.RebateProgram",
            code=f"REBATE-{code}",
            name=f"{code.title()} rebate",
            group_id=group_id,
            percent=Decimal(2),
            valid_from=world.live_from,
        )
    quarrels.revenue_rules(world)
    latest = [i.id for i in invoices_of_account([c.id for c in world.customers], limit=INVOICES)]
    settle_commissions(invoice_ids=latest, now=world.now)
    follow_invoices(invoice_ids=latest, now=world.now)
    _statements(world)
    _dispute(world)
    build_kpis(start=world.start, end=world.today + timedelta(days=1))


def _statements(world: World) -> None:
    """The first rep's is paid, the second disputes a line."""
    for n, rep_id in enumerate(reps_with_earnings()[:2]):
        made = close_statement(rep_id=rep_id, currency="USD", period_end=world.today, actor=SEEDER, now=world.now)
        if n == 0:
            pay_statement(statement_id=made, actor=SEEDER, now=world.now)
        else:
            line, note = statement_lines(made, limit=1)[0], "The overlay of this hospital is mine"
            dispute_line(line_id=line.id, note=note, rep_id=rep_id, actor=SEEDER, now=world.now)


def _dispute(world: World) -> None:
    """The buyer's company does not accept a part of its latest open invoice."""
    found = unpaid_invoices_of_account(world.customers[0].id, limit=50)
    if found:
        invoice = found[-1]
        amount = min(invoice.open_amount, Decimal("24.00"))
        open_dispute(
            invoice_id=invoice.id,
            amount=amount,
            reason=DisputeReason.QUANTITY,
            note="Two boxes less than on the packing slip",
            actor=SEEDER,
            now=world.now,
        )
