"""The demo, at a size a test can pay: the same steps as the large ones, looked at from outside."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Sum

from accounts.models import Account, ApprovalRequest, Buyer, Rep, User
from billing.models import (
    ChargebackClaim,
    CreditMemo,
    Dispute,
    Invoice,
    InvoiceLine,
    Obligation,
    Payment,
    Receipt,
    WriteOff,
)
from catalog.models import License, Product, ProductUnit
from config.demo import bulk, seed, signins
from config.demo.people import PERSONAS
from config.demo.products import gtin
from config.demo.progress import Progress
from config.demo.scale import Scale
from core import demo, invariants
from core.models import DemoInstallation, Job, OverrideEntry, OverrideReview
from core.money import round_amount
from core.testing import outer_atomic
from credit.admin import accounts as limits
from exceptions_app.models import Case
from fulfillment.models import RecallRequest, ReleaseRun, Return, Shipment
from integrations.models import EdiTransaction, Upload
from inventory.models import (
    FieldUsage,
    ParLevel,
    Site,
    StockBalance,
    StockCount,
    Transfer,
    TransferDispute,
    TransferOffer,
)
from orders.admin import verbs
from orders.models import Hold, Order, OrderLine, StockHold
from reporting.models import OrderMeasure
from tests.factories.flow import breaches

TINY = Scale("small", accounts=8, products=60, days=40, live_days=8, orders=8, history_orders=12)
SEED = 7
NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def tiny(django_db_setup, django_db_blocker):
    """The demo's world, seeded once for the module and rolled back at its end. Every step ran as in a large one."""
    with django_db_blocker.unblock(), outer_atomic():
        yield seed.make(TINY, SEED, now=NOW, progress=Progress(None))
    with django_db_blocker.unblock():
        demo.is_demo.cache_clear()
        assert not demo.is_demo()


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tiny")]


def test_the_company_is_complete_and_counted():
    assert Account.objects.count() == 8
    assert Product.objects.count() == 60
    assert dict(Site.objects.values_list("kind").annotate(n=Count("pk"))) == {
        "dc": 3,
        "hub": 1,
        "trunk": 4,
        "consignment": 2,
        "vendor": 1,
    }
    assert Rep.objects.count() == 4
    assert User.objects.count() == len(PERSONAS) + 3
    assert set(Buyer.objects.values_list("user__email").annotate(n=Count("pk")).values_list("n", flat=True)) == {1, 2}
    assert License.objects.filter(valid_to__lte=NOW.date()).count() == 1


def test_the_same_seed_gives_the_same_numbers():
    statuses = dict(Order.objects.values_list("status").annotate(n=Count("pk")))
    total = Order.objects.aggregate(total=Sum("total_amount"))["total"]
    assert statuses == {"closed": 23, "submitted": 34, "draft": 4}
    assert (OrderLine.objects.count(), total) == (125, Decimal("153379.75"))


def test_every_invariant_holds_and_nothing_is_owed():
    assert breaches() == []
    assert len(invariants.names()) >= 20
    assert not Job.objects.exclude(state="done").exists()


def test_every_gtin_has_its_check_digit():
    codes = [*Product.objects.values_list("gtin", flat=True), *ProductUnit.objects.values_list("gtin", flat=True)]
    assert len(codes) == len(set(codes)) > 100
    assert {sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(reversed(code))) % 10 for code in codes} == {0}
    assert gtin(1, 1) == "19527000000017"


def test_today_a_hospital_took_the_gowns_and_the_clinic_behind_it_waits_for_a_late_delivery():
    behind = Order.objects.get(po_number="CL-2207").lines.get().demand
    assert (behind.backordered_qty, behind.allocated_qty) == (40, 0)
    ahead = Order.objects.get(po_number="SX-8841").lines.get().demand
    assert (ahead.backordered_qty, ahead.allocated_qty) == (40, 20)
    said = behind.decision.explanation["inputs"]
    assert (said["ahead_took"], said["next_ahead_demand"]) == ("20", ahead.pk)
    promise = behind.promises.get(is_current=True)
    assert promise.delivery_date > promise.first_delivery_date
    assert Case.objects.filter(kind="promise_moved", status="open", subject_number=behind.ref_number).exists()


def test_today_credit_holds_an_order_and_finance_let_another_go_unreviewed():
    held = Hold.objects.get(order__po_number="CH-1404", cleared_at=None)
    assert held.reason == "credit"
    assert Case.objects.filter(kind="credit_hold", subject_id=held.order_id, status="open").count() == 1
    let_go = OverrideEntry.objects.get(kind="hold_release")
    assert let_go.subject_number == Order.objects.get(po_number="LAB-3391").number
    assert not let_go.reviews.exists()
    assert not Hold.objects.filter(order__po_number="LAB-3391", cleared_at=None).exists()


def test_today_a_short_pick_has_less_than_half_an_hour_left():
    case = Case.objects.get(kind="short_pick", subject_id__in=Shipment.objects.filter(order__po_number="SX-8852"))
    assert (case.status, case.breached_at) == ("assigned", None)
    assert 0 < (case.resolve_by - NOW).total_seconds() / 60 <= 25


def test_today_a_rep_sold_from_the_trunk():
    sold = Order.objects.get(po_number="OR-CASE-5512")
    assert (sold.channel, sold.on_behalf_of_id) == ("api", sold.account_id)
    trunk = StockBalance.objects.get(site__code="TRUNK-WEST", product=sold.lines.get().product)
    assert trunk.on_hand_qty == 2
    assert "5512" in trunk.movements.get(kind="consumption").reason
    assert Invoice.objects.filter(order=sold).count() == 1


def test_today_a_fill_up_is_on_its_way_a_usage_waits_for_its_po_and_a_rep_offers_a_spare():
    coming = Transfer.objects.get(to_site__code="TRUNK-WEST")
    assert (coming.status, coming.lines.get().shipped_qty) == ("shipped", 2)
    waiting = FieldUsage.objects.get(is_po_awaited=True)
    assert waiting.site.kind == "consignment"
    assert Case.objects.filter(kind="usage_without_po", status="open").count() == 1
    assert ParLevel.objects.count() >= 2
    assert TransferOffer.objects.get().status == "offered"


def test_today_four_drafts_wait_two_of_them_hold_goods_and_a_price_is_disputed():
    drafts = Order.objects.filter(status="draft")
    assert sorted(drafts.values_list("po_number", flat=True)) == ["", "MC-61144", "MC-61160", "VET-118"]
    held = dict(StockHold.objects.filter(ended="").values_list("order__po_number", "placed_by"))
    assert held == {"MC-61160": "Lena Marshholt", "": "Dario Quillfeather"}
    assert Case.objects.filter(kind="unresolved_lines", subject_id=drafts.get(po_number="MC-61144").pk).count() == 1
    assert Hold.objects.get(order__po_number="RH-70431").rule == "price_mismatch"


def test_the_history_is_closed_shipped_invoiced_and_paid():
    history = Order.objects.filter(po_number__startswith="PO40")
    assert (history.count(), set(history.values_list("status", flat=True))) == (12, {"closed"})
    invoices = Invoice.objects.filter(order__in=history)
    measures = OrderMeasure.objects.filter(order_id__in=history)
    assert measures.filter(is_complete=True, is_in_full=True, ordered_qty__gt=0).count() == 12
    paid = invoices.filter(status="paid")
    assert invoices.count() == 12
    assert Receipt.objects.filter(applications__invoice__in=paid).count() == paid.count()


def test_a_history_goes_on_where_it_was_interrupted_and_ends_clean(tiny):
    longer = replace(tiny, scale=replace(TINY, history_orders=20, history_lines=4))
    with Progress(None).stage("history", 20, "orders") as stage:
        bulk.lay(longer, stage, done=12)
    assert Order.objects.filter(po_number__startswith="PO40").count() == 20
    assert demo.installation().history_orders == 20
    numbers = [int(n.removeprefix("INV-")) for n in Invoice.objects.values_list("number", flat=True)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert breaches() == []


def test_a_history_too_wide_for_the_range_is_refused_before_anything_is_laid(tiny):
    wide = replace(tiny, scale=replace(TINY, history_orders=20, history_lines=500))
    with Progress(None).stage("history", 20, "orders") as stage, pytest.raises(bulk.TooFewProducts):
        bulk.lay(wide, stage, done=12)
    assert Order.objects.filter(po_number__startswith="PO40").count() == 12


def test_a_second_run_says_that_the_demo_is_there_and_changes_nothing():
    out, before = StringIO(), Order.objects.count()
    call_command("seed_demo", seed=SEED, stdout=out)
    call_command("seed_demo", if_empty=True, seed=99, stdout=out)
    assert out.getvalue() == "The demo is here already: small, seed 7. Nothing was changed.\n"
    with pytest.raises(CommandError, match="another demo already: small, seed 7"):
        call_command("seed_demo", seed=99, stdout=out)
    assert Order.objects.count() == before


def test_an_interrupted_small_demo_is_refused_with_its_remedy():
    DemoInstallation.objects.update(finished_at=None)
    with pytest.raises(CommandError, match=r"begun here and not finished.*\./run reset"):
        call_command("seed_demo", if_empty=True, seed=SEED)


def test_every_persona_signs_in_with_what_is_printed(client):
    out = StringIO()
    call_command("print_signins", stdout=out)
    printed = out.getvalue()
    for persona in PERSONAS:
        (row,) = [line for line in printed.splitlines() if f" {persona.email} " in line]
        password = signins.password_of(persona.email)
        assert password in row
        answer = client.post("/sign-in/login/", {"login": persona.email, "password": password})
        assert answer.status_code == 302, persona.key
        client.logout()


def test_passwords_are_another_installations_own_and_a_public_site_prints_none(settings):
    first = signins.password_of("cs@thornquay.example")
    assert first not in User.objects.get(email="cs@thornquay.example").password
    settings.SECRET_KEY = "another installation's key, as long as it has to be to be a good one"
    assert signins.password_of("cs@thornquay.example") != first
    out = StringIO()
    call_command("print_signins", stdout=out)
    assert "another secret key" in out.getvalue()
    settings.PLAIN_HTTP = False
    call_command("print_signins", stdout=out)
    assert "are not printed" in out.getvalue()


def test_every_page_says_demo(client, monkeypatch):
    demo.is_demo.cache_clear()
    try:
        for email, page in (("operator", "/admin/"), ("buyer", "/"), ("buyer", "/orders/")):
            client.force_login(
                User.objects.get(email=f"{email}@thornquay.example"), "django.contrib.auth.backends.ModelBackend"
            )
            assert "DEMO" in client.get(page).content.decode()
    finally:
        monkeypatch.setattr(demo, "installation", lambda: None)
        demo.is_demo.cache_clear()
        demo.is_demo()


def test_today_a_return_was_credited_one_waits_for_inspection_and_one_for_an_answer():
    assert list(Return.objects.order_by("pk").values_list("status", flat=True)) == ["credited", "received", "requested"]
    back, memo = Return.objects.earliest("pk"), CreditMemo.objects.get(kind="return")
    billed = InvoiceLine.objects.get(order_line=back.lines.get().order_line)
    sold = round_amount(2 * billed.unit_price, "USD")
    assert (back.fee_percent, memo.lines_amount, memo.fee_amount) == (15, sold, round_amount(sold * 15 / 100, "USD"))
    assert set(back.lines.get().parts.values_list("disposition", "qty")) == {("restock", 1), ("scrap", 1)}
    assert StockCount.objects.get().status == "open"


def test_today_one_order_came_by_edi_and_one_beside_it_could_not_be_read():
    states = EdiTransaction.objects.order_by("control").values_list("state", "reason", "po_number")
    assert list(states) == [
        ("accepted", "", "RH-70455"),
        ("quarantined", "There is no BEG segment, so no purchase order number.", ""),
    ]
    assert Order.objects.get(po_number="RH-70455").status == "submitted"
    assert Case.objects.filter(kind="edi_quarantined", status="open").count() == 1


def test_today_every_kind_of_rule_was_set_aside_and_finance_looked_at_some():
    kinds = set(OverrideEntry.objects.values_list("kind", flat=True))
    assert kinds >= {
        "allocation", "credit_limit", "credit_settings", "eligibility", "hold_release", "payment_terms", "price", "promise",
        "reallocation", "split",
    }  # fmt: skip
    assert set(OverrideReview.objects.values_list("verdict", flat=True)) == {"ok", "follow_up", "train"}
    codes = set(OverrideEntry.objects.values_list("reason_code", flat=True))
    assert codes <= {*dict(verbs.REASONS), *dict(limits.REASONS), "what_if", "split", "substitution", "reallocation"}


def test_today_money_is_paid_written_off_claimed_and_not_earned_yet():
    assert dict(Payment.objects.values_list("method", "status")) == {"card": "succeeded", "card-declined": "failed"}
    assert sorted(WriteOff.objects.values_list("amount", "status")) == [
        (Decimal("0.37"), "posted"), (Decimal("4.20"), "waiting"), (Decimal("18.50"), "rejected"),
    ]  # fmt: skip
    assert sorted(Dispute.objects.values_list("status", flat=True)) == ["credited", "open", "rejected"]
    claims = ChargebackClaim.objects.order_by("reference").values_list("status", "amount")
    assert [status for status, _ in claims] == ["approved", "denied"]
    abroad = Invoice.objects.get(currency="CAD")
    assert (abroad.order.po_number, abroad.total_amount) == ("CA-2041", abroad.net_amount + abroad.freight_amount)
    assert Invoice.objects.filter(tax_amount__gt=0).exists()
    assert set(Obligation.objects.values_list("event", flat=True)) <= {"over_time", "use", "deliver", "ship"}


def test_today_the_warehouse_is_asked_back_and_many_orders_were_released_at_once():
    assert sorted(RecallRequest.objects.values_list("state", flat=True)) == ["accepted", "asked", "refused"]
    run = ReleaseRun.objects.get()
    assert (run.asked_count, run.released_count + run.refused_count) == (7, 7)
    assert run.released_count > 0
    assert run.refused_count > 0
    assert TransferDispute.objects.get().line.transfer.to_site.code == "TRUNK-SOUTH"
    asked = ApprovalRequest.objects.get(kind="purchase order")
    assert (asked.state, asked.subject_number) == ("pending", Order.objects.get(po_number="MC-61159").number)
    together = Order.objects.get(po_number="SX-8866")
    assert (together.ship_complete, together.status) == ("order", "submitted")


def test_today_a_file_of_prices_was_taken_but_for_two_rows_and_another_waits():
    taken, waits = Upload.objects.order_by("pk")
    assert (taken.state, taken.counts["error"]) == ("applied", 2)
    assert (waits.state, waits.counts.get("error", 0)) == ("previewed", 0)
