"""Cases about money are mended at a click, through the services of their pages: every effect is what happens."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AccountGroup, ApprovalRequest, GroupMembership
from accounts.services.decide_approval import decide
from billing.models import ChargebackClaim, CreditMemo, Dispute, Invoice, Payment, Receipt, WriteOff
from billing.payments.port import PaymentRequest
from billing.payments.sandbox import Sandbox
from billing.resolutions.claims import StillDenied
from billing.rules.claims import ClaimSpec
from billing.services.claim_chargebacks import claim_chargeback
from billing.services.dispute_invoice import open_dispute
from billing.services.pay_online import PaymentIsBooked, book_at_rate, start_payment, take_message
from billing.services.post_receipt import post_receipt
from billing.services.write_off import decide_write_off
from billing.states import DisputeReason
from core.actors import Actor
from core.errors import DomainError, NotPermitted
from core.models import ExchangeRate
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from exceptions_app.services.moves import CaseIsOver
from pricing.models import PriceRow, PriceSource
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world

pytestmark = pytest.mark.django_db

FINN = Actor("Finn Ance", user_id=None, roles=frozenset({"finance"}))
CORA = Actor("Cora", roles=frozenset({"cs"}))
TODAY = NOW.date()
LONG_AGO = TODAY - timedelta(days=100)
LATER = NOW + timedelta(days=3)


def pay(world, amount: str, **more) -> int:
    received = {"account_id": world.account.pk, "currency": "USD", "received_date": NOW.date(), "actor": PICKER}
    return post_receipt(amount=Decimal(amount), now=NOW, **{**received, **more})


def short_paid(*qtys: int, paid: str = "25") -> tuple[object, Invoice, Case]:
    """An invoice over 30.00 that was paid 25.00, by its own remittance."""
    world = stocked_world()
    shipped(world, *(qtys or (3,)))
    invoice = Invoice.objects.get()
    pay(world, paid, remittance={invoice.pk: Decimal(paid)})
    return world, invoice, Case.objects.get(kind="short_payment")


def effects(case: Case, now=NOW) -> dict[str, tuple[bool, Decimal]]:
    found = suggested(case_snapshots([case.pk])[case.pk], now=now)
    return {o.code: (o.effect.is_possible, o.effect.money_effect) for o in found}


def mend(case: Case, code: str, actor: Actor = FINN, now=NOW) -> Case:
    apply_resolution(case_id=case.pk, code=code, actor=actor, now=now, key="k")
    case.refresh_from_db()
    return case


def test_a_short_payment_is_credited_and_the_case_keeps_what_it_cost():
    _, invoice, case = short_paid()
    assert effects(case) == {
        "dispute": (True, Decimal(0)),
        "credit": (True, Decimal("-5.00")),
        "write_off": (True, Decimal("-5.00")),
        "use_money": (False, Decimal(0)),
    }
    done = mend(case, "credit")
    assert (done.status, done.resolution_code, done.money_effect) == ("auto_resolved", "credit", Decimal("-5.00"))
    invoice.refresh_from_db()
    assert (invoice.status, invoice.open_amount, CreditMemo.objects.get().total_amount) == ("paid", 0, Decimal("5.00"))
    with pytest.raises(DomainError):
        mend(case, "credit")
    assert CreditMemo.objects.count() == 1
    assert breaches() == []


def test_a_short_payment_is_paid_from_what_lies_on_account():
    world, invoice, case = short_paid()
    pay(world, "8", apply_to=())
    assert effects(case)["use_money"] == (True, Decimal(0))
    mend(case, "use_money")
    invoice.refresh_from_db()
    assert (invoice.status, Receipt.objects.latest("pk").applied_amount) == ("paid", Decimal("5.00"))
    assert breaches() == []


def test_a_write_off_from_a_case_waits_for_a_second_person_and_a_dispute_is_noted():
    _, invoice, case = short_paid()
    with pytest.raises(NotPermitted):
        mend(case, "write_off", PICKER)
    assert mend(case, "write_off").status == "resolved"
    assert ApprovalRequest.objects.get(kind="write off").amount == Decimal("5.00")
    invoice.refresh_from_db()
    assert invoice.open_amount == Decimal("5.00")  # nothing moved yet


def test_a_short_payment_noted_as_disputed_is_a_case_of_its_own():
    _, invoice, case = short_paid()
    mend(case, "dispute", CORA)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.disputed_amount) == ("disputed", Decimal("5.00"))
    other = Case.objects.get(kind="invoice_dispute")
    assert (case.status, other.status, case.number in other.summary) == ("resolved", "open", True)


def test_a_denied_chargeback_is_paid_once_its_contract_is_there():
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    GroupMembership.objects.create(account=AccountFactory(code="HOSP"), group=group, valid_from=LONG_AGO)
    world = stocked_world()
    shipped(world, 10)
    (product,) = world.products
    claim = ClaimSpec(
        world.account.pk, "D-1", "GPO-1", "HOSP", product.sku, Decimal(6), TODAY, Decimal(10), Decimal(8), "USD"
    )
    claim_chargeback(claim, actor=PICKER, now=NOW)
    case = Case.objects.get(kind="chargeback_denied")
    assert effects(case)["claim_again"] == (False, Decimal(0))
    with pytest.raises(StillDenied):
        mend(case, "claim_again")
    source = PriceSource.objects.create(code="GPO-1", name="GPO", level="group", group=group, valid_from=LONG_AGO)
    PriceRow.objects.create(source=source, product=product, unit_price=Decimal(8), valid_from=LONG_AGO)
    assert effects(case)["claim_again"] == (True, Decimal("-12.00"))
    done = mend(case, "claim_again")
    assert (done.status, done.money_effect) == ("resolved", Decimal("-12.00"))
    assert list(ChargebackClaim.objects.order_by("pk").values_list("status", flat=True)) == ["denied", "approved"]
    assert breaches() == []


@pytest.mark.parametrize(
    ("code", "status", "open_amount"), [("credit", "credited", "20.00"), ("reject", "rejected", "30.00")]
)
def test_a_dispute_is_credited_or_answered_from_its_case(code, status, open_amount):
    world = stocked_world()
    shipped(world, 3)
    invoice = Invoice.objects.get()
    open_dispute(
        invoice_id=invoice.pk, amount=Decimal(10), reason=DisputeReason.PRICE, note="too dear", actor=PICKER, now=NOW
    )
    case = Case.objects.get(kind="invoice_dispute")
    assert effects(case) == {"reject": (True, Decimal(0)), "credit": (True, Decimal("-10.00"))}
    done = mend(case, code)
    assert (done.status, done.resolution_code) == ("auto_resolved", code)
    row = Dispute.objects.get()
    invoice.refresh_from_db()
    assert (row.status, invoice.open_amount, invoice.disputed_amount) == (status, Decimal(open_amount), 0)
    assert case.number in row.answer
    assert breaches() == []


def test_money_nobody_applied_is_a_case_once_an_invoice_is_due_and_pays_the_oldest_first():
    world = stocked_world()
    shipped(world, 3)
    shipped(world, 2)
    pay(world, "40", apply_to=())
    assert detect_all(now=LATER, only="unapplied_cash")[0].found == 0  # nothing is due yet
    Invoice.objects.update(due_date=NOW.date())
    assert detect_all(now=NOW, only="unapplied_cash")[0].found == 0  # it came today
    assert detect_all(now=LATER, only="unapplied_cash")[0].opened == 1
    case = Case.objects.get(kind="unapplied_cash")
    assert (case.money_at_risk, case.queue.code) == (Decimal("40.00"), "finance")
    assert "due on 2 invoices" in case.summary
    mend(case, "apply_oldest", now=LATER)
    assert [i.open_amount for i in Invoice.objects.order_by("pk")] == [0, Decimal("10.00")]
    assert detect_all(now=LATER, only="unapplied_cash")[0].found == 0
    assert breaches() == []


def decided(*, approve: bool, at=NOW) -> None:
    asked = ApprovalRequest.objects.get(kind="write off")
    lead: Any = StaffFactory(roles=["finance_approver"])
    decide(
        approval_id=asked.pk,
        approve=approve,
        note="ask them again",
        actor=Actor(str(lead), user_id=lead.pk, roles=frozenset(lead.roles)),
        now=at,
    )
    drain(at)


def test_a_write_off_that_is_rejected_opens_its_case_again_once():
    _, invoice, case = short_paid()
    mend(case, "write_off")
    decided(approve=False)
    case.refresh_from_db()
    assert (case.status, case.reopened_times, case.resolution_code, case.resolved_at) == ("reopened", 1, "", None)
    told = case.events.get(verb="reopened").note
    assert told.startswith("The write-off of 5.00 USD came to nothing: ")
    decide_write_off(approval_id=ApprovalRequest.objects.get(kind="write off").pk, actor=FINN, now=NOW)
    case.refresh_from_db()
    assert (case.reopened_times, WriteOff.objects.get().status) == (1, "rejected")
    invoice.refresh_from_db()
    assert invoice.open_amount == Decimal("5.00")


def test_a_write_off_that_is_approved_leaves_its_case_resolved():
    _, invoice, case = short_paid()
    mend(case, "write_off")
    decided(approve=True)
    case.refresh_from_db()
    invoice.refresh_from_db()
    assert (case.status, case.resolution_code, invoice.open_amount) == ("resolved", "write_off", 0)


def test_a_rejected_write_off_of_what_was_paid_meanwhile_opens_nothing():
    world, invoice, case = short_paid()
    mend(case, "write_off")
    pay(world, "5", remittance={invoice.pk: Decimal(5)})
    decided(approve=False)
    case.refresh_from_db()
    assert (case.status, case.reopened_times) == ("resolved", 0)


def paid_in_euro() -> tuple[Invoice, Case]:
    """30.00 EUR were collected for an invoice over 30.00 USD."""
    world = stocked_world()
    shipped(world, 3)
    invoice = Invoice.objects.get()
    asked = {"account_id": world.account.pk, "amounts": {invoice.pk: Decimal(30)}, "method": "card", "key": "k"}
    public_id = start_payment(**asked, actor=PICKER, now=NOW)
    headers, body = Sandbox().pending(PaymentRequest(public_id, Decimal(30), "EUR", "card"), now=NOW)[0]
    take_message(code="sandbox", headers=headers, body=body, now=NOW)
    return invoice, Case.objects.get(kind="payment_differs")


def test_money_in_another_currency_is_booked_at_the_day_s_rate_once(settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    invoice, case = paid_in_euro()
    seen = suggested(case_snapshots([case.pk])[case.pk], now=NOW)
    assert next(o.effect.why_not for o in seen if o.code == "book").startswith("No exchange rate from EUR to USD")
    ExchangeRate.objects.create(base="EUR", quote="USD", rate=Decimal("0.9"), valid_from=TODAY)
    assert effects(case)["book"] == (True, Decimal("-3.00"))
    assert mend(case, "book").resolution_code == "book"
    invoice.refresh_from_db()
    paid = Payment.objects.get()
    assert (invoice.open_amount, Receipt.objects.get().amount) == (3, 27)
    assert (paid.status, paid.receipt_id) == ("succeeded", Receipt.objects.get().pk)
    with pytest.raises(CaseIsOver):
        mend(case, "book")
    with pytest.raises(PaymentIsBooked):
        book_at_rate(payment_id=paid.pk, collected=Decimal(30), currency="EUR", actor=FINN, now=NOW)
    assert Receipt.objects.count() == 1
    assert breaches() == []


def test_money_that_was_given_back_is_booked_nowhere(settings):
    settings.PAYMENT_PROVIDER = "sandbox"
    _, case = paid_in_euro()
    assert mend(case, "given_back").status == "resolved"
    with pytest.raises(CaseIsOver):
        mend(case, "given_back")
    assert case.events.filter(verb="resolved").count() == 1
    assert (Receipt.objects.count(), Payment.objects.get().status) == (0, "failed")


def test_a_denial_that_stands_pays_nothing_and_keeps_who_told_them():
    world = stocked_world()
    claim = ClaimSpec(
        world.account.pk,
        "D-1",
        "GPO-1",
        "HOSP",
        world.products[0].sku,
        Decimal(6),
        TODAY,
        Decimal(10),
        Decimal(8),
        "USD",
    )
    claim_chargeback(claim, actor=PICKER, now=NOW)
    done = mend(Case.objects.get(kind="chargeback_denied"), "stand")
    assert (done.status, done.resolution_code, done.money_effect) == ("resolved", "stand", 0)
    assert ChargebackClaim.objects.get().status == "denied"


def test_money_left_on_account_is_asked_about_again_after_three_days():
    world = stocked_world()
    shipped(world, 3)
    pay(world, "20", apply_to=())
    Invoice.objects.update(due_date=NOW.date())
    detect_all(now=LATER, only="unapplied_cash")
    done = mend(Case.objects.get(kind="unapplied_cash"), "keep", now=LATER)
    assert (done.status, Invoice.objects.get().open_amount) == ("resolved", Decimal(30))
    assert detect_all(now=LATER + timedelta(days=2), only="unapplied_cash")[0].opened == 0
    assert detect_all(now=LATER + timedelta(days=4), only="unapplied_cash")[0].opened == 1
