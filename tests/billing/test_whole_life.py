"""An invoice from draft to its end: paid, credited, disputed, written off; every cent in one place."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts import approvals
from billing.models import CreditMemo, Dispute, Invoice, InvoiceLine, InvoicingChoice, WriteOff
from billing.queries import invoices_of, statement
from billing.rules.asks import CreditSpec
from billing.services.apply_receipt import apply_receipt
from billing.services.dispute_invoice import AlreadyDisputed, credit_dispute, open_dispute, reject_dispute
from billing.services.draft_invoices import post_due_drafts
from billing.services.issue_credit_memo import apply_credit, credit_account, issue_credit_memo
from billing.services.post_receipt import post_receipt
from billing.services.send_invoices import mark_sent
from billing.services.write_off import ask_write_off
from billing.states import CreditKind, DisputeReason, Grouping
from core.actors import Actor
from core.errors import InvalidInput
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from fulfillment.models import ShipmentLine
from tests.factories.accounts import StaffFactory
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world


def actor_for(user) -> Actor:
    return Actor(str(user), user_id=user.pk, roles=frozenset(user.roles), channel="console")


pytestmark = pytest.mark.django_db
D = Decimal


def invoiced(qty: int = 3):
    world = stocked_world()
    shipped(world, qty)
    return world, Invoice.objects.get()


def pay(world, amount, **more):
    ask = {"currency": "USD", "received_date": NOW.date(), "actor": PICKER, "now": NOW}
    return post_receipt(account_id=world.account.pk, amount=D(amount), **ask, **more)


def credit(world, lines, *, key="k", kind=CreditKind.RETURN, **more):
    return issue_credit_memo(
        account_id=world.account.pk, kind=kind, lines=lines, reason="damaged", key=key, actor=PICKER, now=NOW, **more
    )


def live_cases() -> list[tuple[str, Decimal]]:
    return list(Case.objects.filter(status="open").values_list("kind", "money_at_risk"))


def test_a_returned_unit_of_three_credits_10_of_30_and_the_rest_is_paid():
    world, invoice = invoiced()
    line = invoice.lines.get()
    memo_id = credit(world, [CreditSpec(line.pk, qty=D(1))])
    assert credit(world, [CreditSpec(line.pk, qty=D(1))]) == memo_id
    invoice.refresh_from_db()
    assert (invoice.credited_amount, invoice.open_amount, invoice.status) == (D(10), D(20), "partially_paid")
    pay(world, "20")
    invoice.refresh_from_db()
    assert (invoice.status, CreditAccount.objects.get().receivable_amount) == ("paid", 0)
    assert CreditMemo.objects.get().number == "CM-1"
    assert breaches() == []


def test_a_credit_after_payment_stays_on_account_and_pays_the_next_invoice():
    world, invoice = invoiced()
    pay(world, "30")
    memo_id = credit(world, [CreditSpec(invoice.lines.get().pk, qty=D(2))], fee_amount=D("1.50"))
    assert CreditAccount.objects.get().unapplied_amount == D("18.50")
    shipped(world, 1)
    second = Invoice.objects.latest("pk")
    apply_credit(credit_memo_id=memo_id, invoice_id=second.pk, amount=D(10), actor=PICKER, now=NOW)
    second.refresh_from_db()
    assert (second.status, second.credited_amount) == ("credited", D(10))
    found = statement(world.account.pk, on=NOW.date(), currency="USD")
    assert (found.open_amount, found.unapplied_amount, [c.left for c in found.credits]) == (0, D("8.50"), [D("8.50")])
    assert breaches() == []


def test_more_than_was_billed_is_never_credited():
    world, invoice = invoiced()
    line = invoice.lines.get()
    credit(world, [CreditSpec(line.pk, qty=D(2)), CreditSpec(line.pk, amount=D(1))])
    with pytest.raises(InvalidInput):
        credit(world, [CreditSpec(line.pk, qty=D(2))], key="other")
    line.refresh_from_db()
    assert (line.credited_qty, line.credited_amount) == (2, D(21))
    assert breaches() == []


def test_a_remittance_pays_exactly_what_it_says_and_a_short_one_is_a_case():
    world, first = invoiced()
    shipped(world, 1)
    second = Invoice.objects.latest("pk")
    with pytest.raises(InvalidInput):
        pay(world, "40", remittance={first.pk: D("30.01")})
    with pytest.raises(InvalidInput):
        pay(world, "10", remittance={first.pk: D(5), second.pk: D("5.01")})
    receipt_id = pay(world, "35", remittance={first.pk: D(23), second.pk: D(10)})
    first.refresh_from_db()
    assert (first.open_amount, first.status) == (D(7), "partially_paid")
    assert CreditAccount.objects.get().unapplied_amount == 2
    assert live_cases() == [("short_payment", D("7.00"))]
    for amount in ("1", "1"):
        apply_receipt(receipt_id=receipt_id, invoice_id=first.pk, amount=D(amount), actor=PICKER, now=NOW)
    pay(world, "5")
    assert live_cases() == []
    assert breaches() == []


def test_a_dispute_is_a_case_and_a_credit_ends_both():
    _world, invoice = invoiced()
    ask = {"invoice_id": invoice.pk, "reason": DisputeReason.PRICE, "note": "agreed 9", "actor": PICKER, "now": NOW}
    dispute_id = open_dispute(amount=D(3), **ask)
    with pytest.raises(AlreadyDisputed):
        open_dispute(amount=D(1), **ask)
    invoice.refresh_from_db()
    assert (invoice.status, live_cases()) == ("disputed", [("invoice_dispute", D("3.00"))])
    credit_dispute(dispute_id=dispute_id, answer="agreed", actor=PICKER, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, invoice.disputed_amount) == ("partially_paid", D(27), 0)
    assert (live_cases(), Dispute.objects.get().status, InvoiceLine.objects.get().credited_amount) == (
        [],
        "credited",
        3,
    )
    second = open_dispute(amount=D(5), **ask)
    reject_dispute(dispute_id=second, answer="Delivered, signed by the store room", actor=PICKER, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, live_cases()) == ("partially_paid", D(27), [])
    assert breaches() == []


def test_a_write_off_moves_nothing_before_a_second_person_approves():
    world, invoice = invoiced()
    clerk, boss = StaffFactory(roles=["finance"]), StaffFactory(roles=["finance_approver"])
    pay(world, "29.50")
    ask_write_off(invoice_id=invoice.pk, amount=D("0.50"), reason="bank fee", actor=actor_for(clerk), now=NOW)
    drain(NOW)
    invoice.refresh_from_db()
    assert (invoice.open_amount, WriteOff.objects.get().status) == (D("0.50"), "waiting")
    approvals.decide(approval_id=WriteOff.objects.get().approval_id, approve=True, actor=actor_for(boss), now=NOW)
    drain(NOW)
    drain(NOW)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, WriteOff.objects.get().status) == ("written_off", 0, "posted")
    assert CreditAccount.objects.get().receivable_amount == 0
    assert breaches() == []


def test_a_rejected_write_off_leaves_the_invoice_as_it_was():
    _world, invoice = invoiced()
    clerk, boss = StaffFactory(roles=["finance"]), StaffFactory(roles=["finance_approver"])
    ask_write_off(invoice_id=invoice.pk, amount=D(30), reason="gone", actor=actor_for(clerk), now=NOW)
    approvals.decide(approval_id=WriteOff.objects.get().approval_id, approve=False, actor=actor_for(boss), now=NOW)
    drain(NOW)
    invoice.refresh_from_db()
    assert (invoice.open_amount, WriteOff.objects.get().status) == (D(30), "rejected")
    assert breaches() == []


def test_a_customer_who_chose_so_gets_one_invoice_a_month_for_all_shipments():
    world = stocked_world()
    InvoicingChoice.objects.create(account=world.account, grouping=Grouping.MONTH)
    one, two = shipped(world, 3), shipped(world, 2)
    draft = Invoice.objects.get()
    assert (draft.status, draft.total_amount, draft.number[:6]) == ("draft", D(50), "DRAFT-")
    assert (CreditAccount.objects.get().shipped_amount, ShipmentLine.objects.first().invoiced_qty) == (D(50), 0)
    assert statement(world.account.pk, on=NOW.date(), currency="USD").open_amount == 0
    assert breaches() == []
    assert post_due_drafts(actor=PICKER, now=NOW) == []
    next_month = NOW + timedelta(days=31)
    assert post_due_drafts(actor=PICKER, now=next_month) == [draft.pk]
    drain(next_month)
    draft.refresh_from_db()
    assert (draft.status, draft.number, draft.issued_date) == ("posted", "INV-1", next_month.date())
    assert (CreditAccount.objects.get().shipped_amount, CreditAccount.objects.get().receivable_amount) == (0, D(50))
    assert {k: [i.number for i in v] for k, v in invoices_of([one.order_id, two.order_id]).items()} == {
        one.order_id: ["INV-1"],
        two.order_id: ["INV-1"],
    }
    assert post_due_drafts(actor=PICKER, now=next_month) == []
    assert breaches() == []


def test_an_invoice_per_order_waits_for_the_order_to_close():
    world = stocked_world()
    InvoicingChoice.objects.create(account=world.account, grouping=Grouping.ORDER)
    shipped(world, 3)
    drain(NOW)
    assert Invoice.objects.get().status == "posted"
    assert breaches() == []


def test_a_sent_invoice_says_so_until_money_comes():
    world, invoice = invoiced()
    assert mark_sent(invoice_ids=[invoice.pk], how="e-mail", actor=PICKER, now=NOW) == 1
    assert mark_sent(invoice_ids=[invoice.pk], how="e-mail", actor=PICKER, now=NOW) == 0
    assert Invoice.objects.get().status == "sent"
    pay(world, "1")
    assert Invoice.objects.get().status == "partially_paid"


def test_a_credit_of_no_invoice_stays_on_account():
    world, _invoice = invoiced()
    ask = {
        "account_id": world.account.pk,
        "kind": CreditKind.GOODWILL,
        "currency": "USD",
        "reason": "late",
        "key": "g1",
    }
    first = credit_account(amount=D(4), actor=PICKER, now=NOW, **ask)
    assert credit_account(amount=D(4), actor=PICKER, now=NOW, **ask) == first
    assert (CreditAccount.objects.get().unapplied_amount, Invoice.objects.get().credited_amount) == (4, 0)
    assert breaches() == []
