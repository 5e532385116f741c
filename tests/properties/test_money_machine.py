"""Whatever is shipped, billed, credited, disputed, written off and paid in whatever order, every cent is in one place.

OMS_CASES sets how many runs (and HOLDFAST_STEPS how many steps each); a few by default.
"""

import os
from contextlib import suppress
from decimal import Decimal

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from billing.models import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CreditMemo,
    Dispute,
    Invoice,
    InvoiceLine,
    InvoicingChoice,
    PlanMember,
    PlanVersion,
    Receipt,
    RecognitionRule,
    WriteOff,
)
from billing.rules.asks import CreditSpec
from billing.services.apply_receipt import apply_receipt
from billing.services.dispute_invoice import credit_dispute, open_dispute, reject_dispute
from billing.services.draft_invoices import post_drafts
from billing.services.issue_credit_memo import apply_credit, issue_credit_memo
from billing.services.post_receipt import post_receipt
from billing.services.write_off import ask_write_off
from billing.states import CreditKind, DisputeReason
from core.errors import DomainError
from core.testing import drain, outer_atomic
from tests.factories.accounts import AssignmentFactory, RepFactory
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world
from tests.factories.pricing import FreightFactory, TaxFactory

EXAMPLES = int(os.environ.get("OMS_CASES", "2"))
STEPS = int(os.environ.get("HOLDFAST_STEPS", "8"))
D, ZERO = Decimal, Decimal(0)
ACT = {"actor": PICKER, "now": NOW}
any_one = st.integers(0, 10_000)
cents = st.integers(1, 4_000)


class Money(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.outer = outer_atomic()
        self.outer.__enter__()
        self.count = 0

    def teardown(self) -> None:
        self.outer.__exit__(None, None, None)

    @initialize(grouping=st.sampled_from(["shipment", "order", "month"]))
    def world(self, grouping: str) -> None:
        TaxFactory(percent=D("8.25"))
        FreightFactory(percent=D("3.7"))
        self.it = stocked_world(products=2, stock_qty=1000)
        year = NOW.date().replace(month=1, day=1)
        rep = RepFactory()
        AssignmentFactory(account=self.it.account, rep=rep, split_percent=100, valid_from=year)
        plan = CommissionPlan.objects.create(code="P", name="Plan")
        CommissionRate.objects.create(
            version=PlanVersion.objects.create(plan=plan, number=1, valid_from=year), percent=D("7.35")
        )
        PlanMember.objects.create(rep=rep, plan=plan, valid_from=year)
        RecognitionRule.objects.create(product=self.it.products[1], event="over_time", months=3)
        InvoicingChoice.objects.create(account=self.it.account, grouping=grouping)
        shipped(self.it, 3, 1)

    def attempt(self, verb, **arguments) -> None:
        """A clean refusal is an answer."""
        with suppress(DomainError):
            verb(**arguments, **ACT)
        drain(NOW)  # what follows from it, revenue and rebates among it

    def key(self) -> str:
        self.count += 1
        return f"k{self.count}"

    def one(self, rows, pick: int):
        ids = list(rows.order_by("pk"))
        return ids[pick % len(ids)] if ids else None

    @rule(one=st.integers(1, 5), two=st.integers(1, 5))
    def ship(self, one: int, two: int) -> None:
        shipped(self.it, one, two)

    @rule(pick=any_one)
    def post_a_draft(self, pick: int) -> None:
        if row := self.one(Invoice.objects.filter(status="draft"), pick):
            self.attempt(post_drafts, invoice_ids=[row.pk])

    @rule(amount=cents, pick=any_one, is_told=st.booleans())
    def pay(self, amount: int, pick: int, is_told: bool) -> None:
        row = self.one(Invoice.objects.exclude(status="draft"), pick)
        told = {row.pk: min(D(amount).scaleb(-2), row.open_amount)} if row and is_told else None
        self.attempt(
            post_receipt, account_id=self.it.account.pk, amount=D(amount).scaleb(-2), currency="USD",
            received_date=NOW.date(), reference=self.key(), remittance=told,
        )  # fmt: skip

    @rule(pick=any_one, tenths=st.integers(1, 10), amount=cents, is_qty=st.booleans(), is_twice=st.booleans())
    def credit(self, pick: int, tenths: int, amount: int, is_qty: bool, is_twice: bool) -> None:
        line = self.one(InvoiceLine.objects.all(), pick)
        if line is None:
            return
        spec = (
            CreditSpec(line.pk, qty=line.qty * tenths / 10)
            if is_qty
            else CreditSpec(line.pk, amount=D(amount).scaleb(-2))
        )
        arguments = {"account_id": self.it.account.pk, "kind": CreditKind.RETURN, "reason": "back", "key": self.key()}
        for _ in range(1 + is_twice):
            self.attempt(issue_credit_memo, lines=[spec], **arguments)

    @rule(pick=any_one, amount=cents)
    def dispute(self, pick: int, amount: int) -> None:
        if row := self.one(Invoice.objects.exclude(status="draft"), pick):
            self.attempt(
                open_dispute, invoice_id=row.pk, amount=D(amount).scaleb(-2), reason=DisputeReason.PRICE, note="no"
            )

    @rule(pick=any_one, is_right=st.booleans())
    def answer(self, pick: int, is_right: bool) -> None:
        if row := self.one(Dispute.objects.filter(status="open"), pick):
            self.attempt(credit_dispute if is_right else reject_dispute, dispute_id=row.pk, answer="so it is")

    @rule(pick=any_one, amount=cents)
    def ask_to_write_off(self, pick: int, amount: int) -> None:
        if row := self.one(Invoice.objects.exclude(status="draft"), pick):
            self.attempt(ask_write_off, invoice_id=row.pk, amount=D(amount).scaleb(-2), reason="gone")

    @rule(pick=any_one, other=any_one, amount=cents, is_memo=st.booleans())
    def apply_by_hand(self, pick: int, other: int, amount: int, is_memo: bool) -> None:
        source = self.one(CreditMemo.objects.all() if is_memo else Receipt.objects.all(), pick)
        row = self.one(Invoice.objects.all(), other)
        if source and row:
            verb, name = (apply_credit, "credit_memo_id") if is_memo else (apply_receipt, "receipt_id")
            self.attempt(verb, **{name: source.pk}, invoice_id=row.pk, amount=D(amount).scaleb(-2))

    @rule()
    def react(self) -> None:
        drain(NOW)

    @invariant()
    def every_registered_invariant_holds(self) -> None:
        assert breaches() == []

    @invariant()
    def every_cent_is_in_one_place(self) -> None:
        mine = Invoice.objects.exclude(status="draft").aggregate(
            t=Sum("total_amount"), p=Sum("paid_amount"), c=Sum("credited_amount"), w=Sum("written_off_amount")
        )
        receipts = Receipt.objects.aggregate(a=Sum("amount"), x=Sum("applied_amount"))
        memos = CreditMemo.objects.aggregate(a=Sum("total_amount"), x=Sum("applied_amount"))
        assert (mine["p"] or ZERO, mine["c"] or ZERO) == (receipts["x"] or ZERO, memos["x"] or ZERO)
        assert (mine["w"] or ZERO) == sum((w.amount for w in WriteOff.objects.filter(status="posted")), ZERO)

    @invariant()
    def nobody_has_more_commission_than_was_kept(self) -> None:
        drain(NOW)
        for line in InvoiceLine.objects.exclude(invoice__status="draft"):
            sums = CommissionEntry.objects.filter(invoice_line=line).aggregate(
                a=Sum("accrued_delta"), e=Sum("earned_delta")
            )
            has = (sums["a"] or ZERO) + (sums["e"] or ZERO)
            most = (line.amount - line.credited_amount) * D("0.0735")
            assert 0 <= has <= most + D("0.005")


@pytest.mark.django_db(transaction=True)
def test_every_cent_is_in_one_place_whatever_happens_in_whatever_order():
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        ),
    )
