"""Accrued at the invoice, earned at payment, clawed back on credit, paid; the same facts in any order have one effect."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.states import Role
from billing.commission_queries import statement_lines, who_gets
from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CommissionStatement,
    CommissionStatementLine,
    Invoice,
    PlanMember,
    PlanVersion,
)
from billing.rules.asks import CreditSpec
from billing.services.commission_statements import (
    NothingToState,
    StatementDisputed,
    answer_line,
    close_statement,
    dispute_line,
    pay_statement,
)
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.post_receipt import post_receipt
from billing.services.settle_commissions import recompute_commissions, settle_commissions
from billing.states import CreditKind
from core.actors import Actor
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.services.apply_resolution import apply_resolution
from orders.models import OrderLine
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.doors import device_of
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world

pytestmark = pytest.mark.django_db
D = Decimal
YEAR = NOW.date().replace(month=1, day=1)


def sold(*, splits=((100, "revenue"),), qty=3):
    """A world whose account's reps have these splits, all on one plan of 10 %; what they sold is invoiced at 30."""
    world = stocked_world()
    reps = [RepFactory() for _ in splits]
    for rep, (percent, kind) in zip(reps, splits, strict=True):
        AssignmentFactory(account=world.account, rep=rep, split_percent=percent, kind=kind, valid_from=YEAR)
    plan = CommissionPlan.objects.create(code="P", name="Field plan")
    version = PlanVersion.objects.create(plan=plan, number=1, valid_from=YEAR)
    for kind, percent in (("revenue", 10), ("overlay", 2)):
        CommissionRate.objects.create(version=version, kind=kind, percent=percent)
    for rep in reps:
        PlanMember.objects.create(rep=rep, plan=plan, valid_from=YEAR)
    shipped(world, qty)
    return world, reps, Invoice.objects.latest("pk")


def standing(rep):
    rows = CommissionEntry.objects.filter(rep=rep)
    return tuple(sum((getattr(e, f"{name}_delta") for e in rows), D(0)) for name in ("accrued", "earned", "paid"))


def pay(world, amount, now=NOW):
    post_receipt(
        account_id=world.account.pk, amount=D(amount), currency="USD", received_date=now.date(), actor=PICKER, now=now
    )
    drain(now)


def give_back(world, invoice, qty, key="k"):
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.RETURN, lines=[CreditSpec(invoice.lines.get().pk, qty=D(qty))],
        reason="back", key=key, actor=PICKER, now=NOW,
    )  # fmt: skip
    drain(NOW)


def test_ten_percent_of_30_is_accrued_then_earned_then_clawed_back_by_a_third():
    world, (rep,), invoice = sold()
    assert standing(rep) == (D(3), 0, 0)
    pay(world, "29")
    assert standing(rep) == (D(3), 0, 0)
    pay(world, "1")
    assert standing(rep) == (0, D(3), 0)
    give_back(world, invoice, 1)
    assert standing(rep) == (0, D(2), 0)
    assert breaches() == []


def test_a_split_of_three_adds_up_and_an_overlay_comes_on_top():
    _world, reps, _invoice = sold(splits=((50, "revenue"), (50, "revenue"), (100, "overlay")), qty=3)
    assert [standing(r)[0] for r in reps] == [D("1.50"), D("1.50"), D("0.60")]
    line = OrderLine.objects.get()
    assert [s.accrued for s in who_gets([line.pk])[line.pk]] == [D("1.50"), D("1.50"), D("0.60")]


def test_the_same_facts_twice_late_and_out_of_order_have_one_effect():
    world, (rep,), invoice = sold()
    give_back(world, invoice, 1)
    pay(world, "20")
    expected = standing(rep)
    n = CommissionEntry.objects.count()
    for _ in range(3):
        assert settle_commissions(invoice_ids=[invoice.pk], now=NOW + timedelta(days=9)) == 0
    assert (standing(rep), expected, CommissionEntry.objects.count()) == ((0, D(2), 0), (0, D(2), 0), n)
    # a world in which nothing was heard until the end comes to the same
    other, (second,), late = sold_silently()
    assert standing(second) == (0, D(2), 0)
    assert late.status == "paid" and other.account != world.account


def sold_silently():
    """Sold, credited and paid before anybody was on a plan; settled once."""
    world = stocked_world()
    rep = RepFactory()
    AssignmentFactory(account=world.account, rep=rep, split_percent=100, valid_from=YEAR)
    shipped(world, 3)
    invoice = Invoice.objects.latest("pk")
    give_back(world, invoice, 1, key="silent")
    pay(world, "20")
    PlanMember.objects.create(rep=rep, plan=CommissionPlan.objects.get(), valid_from=YEAR)
    settle_commissions(invoice_ids=[invoice.pk], now=NOW)
    invoice.refresh_from_db()
    return world, (rep,), invoice


def test_a_statement_is_closed_disputed_answered_and_paid_once_and_a_claw_back_is_on_the_next():
    world, (rep,), invoice = sold()
    pay(world, "30")
    ask = {"rep_id": rep.pk, "currency": "USD", "actor": PICKER, "now": NOW}
    statement_id = close_statement(period_end=NOW.date(), **ask)
    assert close_statement(period_end=NOW.date(), **ask) == statement_id
    (line,) = statement_lines(statement_id)
    assert (line.amount, "10 % by Field plan v1" in line.why) == (D(3), True)
    dispute_line(line_id=line.id, note="should be 12 %", rep_id=rep.pk, actor=PICKER, now=NOW)
    assert Case.objects.get(kind="commission_dispute").status == "open"
    with pytest.raises(StatementDisputed):
        pay_statement(statement_id=statement_id, actor=PICKER, now=NOW)
    answer_line(line_id=line.id, answer="The plan says 10", actor=PICKER, now=NOW)
    assert Case.objects.get(kind="commission_dispute").status == "auto_resolved"
    for _ in range(2):
        pay_statement(statement_id=statement_id, actor=PICKER, now=NOW)
    assert standing(rep) == (0, 0, D(3))
    give_back(world, invoice, 1)
    assert standing(rep) == (0, D(-1), D(3))
    later = NOW.date() + timedelta(days=1)
    second = close_statement(period_end=later, **ask)
    assert CommissionStatement.objects.get(pk=second).amount == D(-1)
    with pytest.raises(NothingToState):
        close_statement(period_end=later + timedelta(days=1), **ask)


def test_a_corrected_plan_recomputes_the_difference_and_the_old_version_stays_readable():
    world, (rep,), _invoice = sold()
    pay(world, "30")
    plan = CommissionPlan.objects.get()
    old = PlanVersion.objects.get()
    PlanVersion.objects.filter(pk=old.pk).update(valid_to=NOW.date())
    new = PlanVersion.objects.create(plan=plan, number=2, valid_from=NOW.date())
    CommissionRate.objects.create(version=new, percent=12)
    assert settle_commissions(invoice_ids=[Invoice.objects.get().pk], now=NOW) == 0
    assert recompute_commissions(from_date=YEAR, to_date=NOW.date(), now=NOW) == 2
    assert standing(rep) == (0, D("3.60"), 0)
    assert recompute_commissions(from_date=YEAR, to_date=NOW.date(), now=NOW) == 0
    assert [e.version_id for e in CommissionEntry.objects.order_by("pk")][:2] == [old.pk, old.pk]


def test_a_rep_sees_and_disputes_own_statements_alone():
    world, (rep,), _invoice = sold()
    pay(world, "30")
    close_statement(rep_id=rep.pk, currency="USD", period_end=NOW.date(), actor=PICKER, now=NOW)
    number = CommissionStatement.objects.get().number
    mine, other = device_of(rep.user), device_of(RepFactory().user)
    assert [s["amount"] for s in mine.get("/api/v1/commission-statements").json()["items"]] == ["3.00"]
    assert other.get("/api/v1/commission-statements").json()["items"] == []
    assert other.get(f"/api/v1/commission-statements/{number}").status_code == 404
    (line,) = mine.get(f"/api/v1/commission-statements/{number}").json()["lines"]
    url = f"/api/v1/commission-statements/{number}/lines/{line['id']}/dispute"
    assert other.post(url, {"note": "mine"}, format="json").status_code == 404
    answer = mine.post(url, {"note": "should be 12 %"}, format="json")
    assert answer.json()["lines"][0]["state"] == "disputed"


def disputed():
    """A line of 3.00 at 10 % that its rep thinks should be at 12 %, and the case of it."""
    world, (rep,), _invoice = sold()
    pay(world, "30")
    statement_id = close_statement(rep_id=rep.pk, currency="USD", period_end=NOW.date(), actor=PICKER, now=NOW)
    (line,) = statement_lines(statement_id)
    dispute_line(line_id=line.id, note="should be 12 %", rep_id=rep.pk, actor=PICKER, now=NOW)
    return rep, Case.objects.get(kind="commission_dispute")


def settle(case, code):
    fin = Actor("Fin", roles=frozenset({Role.FINANCE}))
    apply_resolution(case_id=case.pk, code=code, actor=fin, now=NOW, key="k")
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("auto_resolved", code)
    return CommissionStatementLine.objects.get()


def test_from_its_case_an_amount_stands_and_the_rep_reads_why():
    rep, case = disputed()
    line = settle(case, "uphold")
    assert line.state == "answered"
    assert "it stands. " in line.answer
    assert "10 % by Field plan v1" in line.answer
    assert standing(rep) == (0, D(3), 0)


def test_from_its_case_an_amount_is_worked_out_again_by_the_plan_as_it_is_now():
    rep, case = disputed()
    CommissionRate.objects.filter(kind="revenue").update(percent=12)
    line = settle(case, "recompute")
    assert line.answer.endswith("the difference is on the next statement.")
    assert standing(rep) == (0, D("3.60"), 0)
