"""Money moves on the provider's signed word alone, once, whatever it says how often."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from rest_framework.test import APIClient

from billing.models import Dispute, Invoice, Payment, Receipt
from billing.payments.port import BadSignature, PaymentRequest
from billing.payments.sandbox import Sandbox, sign
from billing.services.dispute_invoice import open_dispute
from billing.services.pay_online import start_payment, take_message
from billing.services.post_receipt import post_receipt
from billing.states import DisputeReason
from core.errors import InvalidInput, NotFound
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from tests.factories.accounts import BuyerFactory
from tests.factories.doors import browser_of
from tests.factories.exceptions import ends_by_itself
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.PAYMENT_PROVIDER = "sandbox"


def to_pay():
    world = stocked_world()
    shipped(world, 3)
    return world, Invoice.objects.latest("pk")


def start(world, invoice, amount="30", method="card", key="k"):
    return start_payment(
        account_id=world.account.pk, amounts={invoice.pk: D(amount)}, method=method, key=key, actor=PICKER, now=NOW
    )


def message(payment_id, *, method="card", amount="30"):
    return Sandbox().pending(PaymentRequest(payment_id, D(amount), "USD", method), now=NOW)[0]


def test_nothing_is_paid_before_the_provider_says_so_and_then_once():
    world, invoice = to_pay()
    payment_id = start(world, invoice)
    assert start(world, invoice) == payment_id
    assert (Receipt.objects.count(), Payment.objects.get().status) == (0, "started")
    drain(NOW)  # the sandbox answers, twice
    invoice.refresh_from_db()
    assert (Payment.objects.get().status, invoice.status, Receipt.objects.count()) == ("succeeded", "paid", 1)
    headers, body = message(payment_id)
    assert take_message(code="sandbox", headers=headers, body=body, now=NOW) is False
    assert Receipt.objects.count() == 1
    assert breaches() == []


def test_a_declined_card_moves_nothing():
    world, invoice = to_pay()
    start(world, invoice, method="card-declined")
    drain(NOW)
    found = Payment.objects.get()
    assert (found.status, found.reason, Receipt.objects.count()) == ("failed", "The card was declined", 0)


@pytest.mark.parametrize("spoil", ["body", "signature", "old", "missing", "other payment"])
def test_a_message_that_is_not_the_provider_s_changes_nothing(spoil):
    world, invoice = to_pay()
    headers, body = message(start(world, invoice))
    now, expected = NOW, BadSignature
    if spoil == "body":
        body = body.replace(b"30", b"99")
    elif spoil == "signature":
        headers["webhook-signature"] = "v1,AAAA"
    elif spoil == "old":
        now = NOW + timedelta(minutes=6)
    elif spoil == "missing":
        headers = {}
    else:
        headers, body = message("00000000-0000-4000-8000-000000000000")
        expected = NotFound
    with pytest.raises(expected):
        take_message(code="sandbox", headers=headers, body=body, now=now)
    assert (Payment.objects.get().status, Receipt.objects.count()) == ("started", 0)


@pytest.mark.parametrize(
    ("collected", "status", "open_amount", "on_account"), [("3", "partially_paid", 27, 0), ("33", "paid", 0, 3)]
)
def test_what_was_collected_is_booked_also_when_it_is_another_sum(collected, status, open_amount, on_account):
    world, invoice = to_pay()
    headers, body = message(start(world, invoice), amount=collected)
    take_message(code="sandbox", headers=headers, body=body, now=NOW)
    invoice.refresh_from_db()
    found = Payment.objects.get()
    assert (found.status, found.reason) == ("succeeded", f"{collected}.00 USD were collected.")
    assert (invoice.status, invoice.open_amount) == (status, open_amount)
    assert (CreditAccount.objects.get().unapplied_amount, Receipt.objects.get().amount) == (on_account, D(collected))
    assert breaches() == []


def test_another_currency_than_asked_is_booked_nowhere_and_finance_is_told():
    world, invoice = to_pay()
    headers, body = Sandbox().pending(PaymentRequest(start(world, invoice), D(30), "EUR", "card"), now=NOW)[0]
    take_message(code="sandbox", headers=headers, body=body, now=NOW)
    case = Case.objects.get(kind="payment_differs")
    assert (Payment.objects.get().status, Receipt.objects.count()) == ("failed", 0)
    assert (case.money_at_risk, case.currency) == (30, "EUR")


def test_a_card_declined_first_and_collected_after_all_pays_once():
    world, invoice = to_pay()
    payment_id = start(world, invoice)
    for n, method in enumerate(("card-declined", "card", "card-declined", "card")):
        _, body = message(payment_id, method=method)
        take_message(code="sandbox", headers=sign(f"evt-{n}", body, now=NOW), body=body, now=NOW)
    invoice.refresh_from_db()
    assert (Payment.objects.get().status, invoice.status, Receipt.objects.count()) == ("succeeded", "paid", 1)


def test_what_was_paid_otherwise_meanwhile_stays_on_account():
    world, invoice = to_pay()
    headers, body = message(start(world, invoice))
    post_receipt(
        account_id=world.account.pk, amount=D(20), currency="USD", received_date=NOW.date(), actor=PICKER, now=NOW
    )
    take_message(code="sandbox", headers=headers, body=body, now=NOW)
    invoice.refresh_from_db()
    assert (invoice.status, CreditAccount.objects.get().unapplied_amount) == ("paid", 20)
    assert breaches() == []


def test_more_than_is_open_is_not_started():
    world, invoice = to_pay()
    with pytest.raises(InvalidInput):
        start(world, invoice, amount="30.01")
    with pytest.raises(InvalidInput):
        start(world, invoice, method="gold")
    assert Payment.objects.count() == 0


def test_a_buyer_pays_in_the_portal_and_sees_what_became_of_it():
    world, invoice = to_pay()
    browser = browser_of(BuyerFactory(account=world.account).user)
    assert browser.post("/pay/", {"method": "card"}).status_code == 422
    form = {f"amount-{invoice.pk}": "30", "method": "card", "key": "form"}
    first, again = browser.post("/pay/", form), browser.post("/pay/", form)
    assert (first.status_code, first["Location"]) == (302, again["Location"])
    assert "We wait" in browser.get(first["Location"]).content.decode()
    drain(Payment.objects.get().started_at)
    assert "Your receipt is RC-" in browser.get(first["Location"]).content.decode()
    stranger = browser_of(BuyerFactory().user)
    assert stranger.get(first["Location"]).status_code == 404


def test_the_provider_s_address_takes_signed_messages_alone():
    world, invoice = to_pay()
    payment_id = start(world, invoice)
    _, body = message(payment_id)
    client = APIClient()
    with time_machine.travel(NOW, tick=False):
        bad = client.post("/api/v1/payment-messages/sandbox", body, content_type="application/json")
        assert bad.status_code == 401
        headers = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in sign("evt-1", body, now=NOW).items()}
        good = client.post("/api/v1/payment-messages/sandbox", body, content_type="application/json", **headers)
        assert (good.status_code, good.json()) == (200, {"is_new": True})
        assert client.post("/api/v1/payment-messages/nobody", body, content_type="application/json").status_code == 404
    assert Payment.objects.get().status == "succeeded"


def test_a_disputed_invoice_stays_on_the_pay_page_and_its_undisputed_part_can_be_paid():
    world, invoice = to_pay()
    dispute = open_dispute(
        invoice_id=invoice.pk, amount=D(10), reason=DisputeReason.QUANTITY, note="one is missing", actor=PICKER, now=NOW
    )
    shipped(world, 1)
    whole = Invoice.objects.latest("pk")
    open_dispute(invoice_id=whole.pk, amount=D(10), reason=DisputeReason.QUALITY, note="broken", actor=PICKER, now=NOW)
    buyer = browser_of(BuyerFactory(account=world.account).user)
    page = buyer.get("/pay/").content.decode()
    assert invoice.number in page
    assert "$10.00 is disputed; the other $20.00 can be paid now" in page
    assert whole.number in page
    assert "all of it is disputed: nothing to pay until it is answered" in page
    assert f'name="amount-{whole.pk}"' not in page
    answer = buyer.post("/pay/", {f"amount-{invoice.pk}": "20", "method": "card", "key": "part"})
    assert answer.status_code == 302
    drain(NOW)
    invoice.refresh_from_db()
    assert (invoice.paid_amount, invoice.disputed_amount, invoice.status) == (D(20), D(10), "disputed")
    assert Dispute.objects.get(pk=dispute).status == "open"
    assert breaches() == []


def test_a_payment_in_another_currency_is_no_case_once_it_came_in_the_right_one():
    world, invoice = to_pay()
    payment_id = start(world, invoice)
    headers, body = Sandbox().pending(PaymentRequest(payment_id, D(30), "EUR", "card"), now=NOW)[0]
    take_message(code="sandbox", headers=headers, body=body, now=NOW)
    assert not ends_by_itself("payment_differs", NOW)
    _, right = message(payment_id)
    take_message(code="sandbox", headers=sign("evt-right", right, now=NOW), body=right, now=NOW)
    assert Payment.objects.get().status == "succeeded"
    assert ends_by_itself("payment_differs", NOW)
