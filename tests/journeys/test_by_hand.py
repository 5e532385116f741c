"""A new site's first order, by hand: every step is a form that people post, in the console or the portal.

The how-to docs/how-to/first-order.md tells the same walk.
"""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account, ShipTo, User
from billing.models import Invoice
from core import clock
from core.models import OverrideEntry, OverrideReview
from core.testing import drain
from credit.models import PaymentTerms
from exceptions_app.models import Case
from fulfillment.models import Shipment
from integrations.models import PartnerProfile
from inventory.models import Site, StockBalance
from orders.models import Hold, Order
from orders.services.capture import capture
from pricing.models import PriceSource
from tests.factories.flow import breaches
from tests.factories.orders import CLERK, make_world

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
PARTS = {"WID-S": ("12", "9.25"), "WID-M": ("20", "10")}
PO_850 = """ISA*00*          *00*          *12*ACME           *01*US             *260101*1200*U*00400*000000001*0*P*>~
GS*PO*ACME*US*20260101*1200*1*X*004010~
ST*850*0001~
BEG*00*SA*PO-77**20260101~
N1*ST*ACME STORE 5*9*0005~
PO1*1*12*EA*9.25**VN*WID-S~
PO1*2*20*EA*10**VN*WID-M~
CTT*2~
SE*7*0001~
GE*1*1~
IEA*1*000000001~
"""


class Person:
    """Somebody at a browser: signs in, fills in forms with what they show, presses buttons."""

    def __init__(self, email):
        self.client = Client()
        page = self.client.post("/sign-in/login/", {"login": email, "password": PASSWORD})
        assert page.status_code == 302, "the password did not open the door"

    def see(self, address, status=200):
        page = self.client.get(address)
        assert page.status_code == status
        return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())

    def press(self, address, **form):
        page = self.client.post(address, form, follow=True)
        assert page.status_code == 200
        return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())

    def fill_in(self, address, **given):
        """Post the console form at the address, everything else as it is shown there."""
        page = self.client.get(address)
        assert page.status_code == 200
        form = {**_shown(page.context["adminform"].form), **given}
        for inline in page.context["inline_admin_formsets"]:
            form |= {f"{inline.formset.prefix}-{n}": "0" for n in ("TOTAL_FORMS", "INITIAL_FORMS")}
        answer = self.client.post(address, form)
        assert answer.status_code == 302, answer.context["errors"]

    def add(self, screen, **given):
        self.fill_in(reverse(f"admin:{screen}_add"), **given)

    def work(self, order, verb, **form):
        return self.press(reverse("admin:orders_order_do", args=[order.pk, verb]), **form)


def _shown(form):
    values = {name: form[name].value() for name in form.fields}
    return {n: "on" if v is True else v for n, v in values.items() if not (v is None or v is False or v == "")}


def set_up(admin, account):
    """People, the customer, goods, prices and stock: docs/how-to/first-order.md, steps 3 to 5."""
    for name, roles in (
        ("fay", ["finance", "finance_approver"]),
        ("flo", ["finance"]),
        ("cleo", ["cs"]),
        ("will", ["warehouse", "planner"]),
        ("bea", ["buyer"]),
    ):
        person = {"email": f"{name}@example.com", "password1": PASSWORD, "password2": PASSWORD}
        admin.add("accounts_user", **person, usable_password="true", roles=roles)
    status = reverse("admin:accounts_account_status", args=[account.pk])
    assert "active now" in admin.press(status, status="active", reason="Confirmed by phone")
    admin.add("accounts_shipto", account=account.pk, code="0005", name="Store 5", city="Solon", edi_code="0005")
    admin.add("accounts_buyer", user=User.objects.get(email="bea@example.com").pk, account=account.pk, role="buyer")
    admin.add("inventory_site", code="CLE", name="Cleveland")
    admin.add("pricing_pricesource", code="LIST", name="List", level="list", valid_from="2020-01-01")
    site, source = Site.objects.get(), PriceSource.objects.get()
    for sku, (qty, price) in PARTS.items():
        admin.add("catalog_product", sku=sku, name=f"Widget {sku[-1]}")
        product = admin.client.get(reverse("admin:catalog_product_changelist"), {"q": sku}).context["cl"].result_list[0]
        row = {"source": source.pk, "product": product.pk, "unit_price": price, "valid_from": "2020-01-01"}
        admin.add("pricing_pricerow", **row)
        admin.add("inventory_stockmovement", sku=sku.lower(), site=site.pk, received_qty=qty)


def ship(will, order, found, why=""):
    """Release, pick what was found (by SKU; else everything), ship; the reactions run."""
    will.press(reverse("admin:fulfillment_shipment_release", args=[order.pk]))
    shipment = Shipment.objects.latest("pk")
    lines = {x.product.sku: x for x in shipment.lines.select_related("product")}
    picks = {f"qty-{x.pk}": found.get(sku, str(x.qty)) for sku, x in lines.items()}
    pick = reverse("admin:fulfillment_shipment_pick", args=[shipment.pk])
    if found:
        refused = will.client.post(pick, picks)
        assert refused.status_code == 422
        assert f'value="{next(iter(found.values()))}"' in refused.content.decode()  # what was typed is still there
    assert "Pick confirmed." in will.press(pick, **picks, short_reason=why)
    will.press(reverse("admin:fulfillment_shipment_ship", args=[shipment.pk]), carrier="UPS", tracking_number="1Z1")
    drain(clock.now())


def test_a_first_order_goes_by_hand_from_the_file_to_the_paid_invoice(tmp_path, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, username="admin", email="admin@example.com", verbosity=0)
    (tmp_path / "po.edi").write_text(PO_850)
    call_command("edi_receive", str(tmp_path / "po.edi"), stdout=StringIO())
    drain(clock.now())
    order, account = Order.objects.get(), Account.objects.get()
    assert (order.status, account.status, Case.objects.count()) == ("draft", "prospect", 3)

    wrong = Client().post("/sign-in/login/", {"login": "admin@example.com", "password": "guessed"})
    assert "not correct" in wrong.content.decode()
    admin = Person("admin@example.com")
    confirm = reverse("admin:integrations_partnerprofile_confirm", args=[PartnerProfile.objects.get().pk])
    assert "confirmed" in admin.press(confirm)
    set_up(admin, account)
    fay, flo, cleo = (Person(f"{name}@example.com") for name in ("fay", "flo", "cleo"))
    will, bea = Person("will@example.com"), Person("bea@example.com")
    fay.add("credit_paymentterms", code="NET45", name="Net 45 days", net_days="45")
    credit = {"account": account.pk, "limit_amount": "1000", "terms": PaymentTerms.objects.get().pk}
    fay.add("credit_creditaccount", **credit)

    # the draft: match the lines, say where to, submit
    page = reverse("admin:orders_order_change", args=[order.pk])
    assert "2 lines without a product." in cleo.see(page)
    assert "is not a product we know" in cleo.work(order, "submit")
    assert "Did you mean WID-" in cleo.work(order, "resolve", line_no="1", sku="WID")
    assert "2 lines matched." in cleo.work(order, "rematch")
    draft = {"ship_to_id": ShipTo.objects.get().pk, "requested_date": "2030-01-02", "po_number": "PO-77"}
    order.refresh_from_db()
    assert "The draft is changed." in cleo.work(order, "edit", **draft, version=order.version)
    assert "changed since you read it" in cleo.work(
        order, "edit", **draft, version=order.version
    )  # the page was an old one
    assert "is submitted: 311.00 USD, 2 lines." in cleo.work(order, "submit")
    drain(clock.now())
    assert not Hold.objects.exists()
    assert not Case.objects.filter(status="open").exists()

    # the warehouse: one line short, the rest of it later
    ship(will, order, {"WID-M": "18"}, "2 damaged")
    invoice = Invoice.objects.get()
    assert (invoice.total_amount, invoice.terms_code) == (291, "NET45")
    assert invoice.due_date == invoice.issued_date + timedelta(days=45)
    assert "2 backordered" in bea.see(f"/orders/{order.number}/")
    admin.add("inventory_stockmovement", sku="WID-M", site=Site.objects.get().pk, received_qty="2")
    drain(clock.now())
    ship(will, order, {})

    # the money
    for reference, amount in (("BANK-1", "291"), ("BANK-2", "20")):
        fay.add("billing_receipt", account=account.pk, amount=amount, reference=reference)
        drain(clock.now())
    again = {"account": account.pk, "amount": "20", "reference": "BANK-2", "currency": "USD"}
    again["received_date"] = clock.now().date().isoformat()
    assert "was posted for the account before" in fay.press(reverse("admin:billing_receipt_add"), **again)
    order.refresh_from_db()
    paid = Invoice.objects.order_by("pk").values_list("total_amount", "status")
    assert (order.status, list(paid)) == ("closed", [(291, "paid"), (20, "paid")])
    assert bea.see("/invoices/").count("Paid") >= 2

    over_the_limit_and_back(fay, flo, bea)
    assert set(StockBalance.objects.filter(status="available").values_list("on_hand_qty", flat=True)) == {0}
    assert breaches() == []


def over_the_limit_and_back(fay, flo, bea):
    """The buyer's second order is too large; finance lets it go with a reason and a colleague looks at that."""
    review = bea.client.post("/quick-order/", {"item": ["wid-s"], "qty": ["200"], "do": "review"}).content.decode()
    assert "$1,850.00" in review
    key = re.search(r'name="key" value="([^"]+)"', review)[1]
    place = {"key": key, "text": "wid-s\t200", "ship_to": str(ShipTo.objects.get().pk), "po_number": "PO-78"}
    assert "It is on hold; see below why." in bea.press("/quick-order/place", **place)
    drain(clock.now())
    order, hold = Order.objects.get(po_number="PO-78"), Hold.objects.get()
    assert "Over by 850.00" in fay.see(reverse("admin:orders_hold_changelist"))

    clear = {"hold_id": hold.pk, "reason": "customer_paid", "note": "They pay in advance"}
    assert "hold is cleared" in fay.work(order, "clear", **clear)
    entry = OverrideEntry.objects.get()
    listed = fay.see(reverse("admin:core_overrideentry_changelist"))
    assert "They pay in advance" in listed
    assert "not reviewed" in listed
    check = reverse("admin:core_overrideentry_review", args=[entry.pk])
    fay.press(check, verdict="ok", note="my own")
    assert not OverrideReview.objects.exists()  # nobody reviews their own
    flo.press(check, verdict="ok", note="Agreed")
    assert OverrideReview.objects.get().verdict == "ok"

    number = capture(make_world(stock=None).draft(1), actor=CLERK, now=clock.now()).number
    bea.see(f"/orders/{number}/", status=404)
    bea.see(reverse("admin:orders_order_changelist"), status=302)
