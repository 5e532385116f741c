"""Revenue ties to invoices; rebates follow them; chargebacks are paid once or denied with every reason."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccountGroup, GroupMembership
from accounts.states import Role
from billing.models import (
    ChargebackClaim,
    CreditMemo,
    Invoice,
    Obligation,
    RebateEntry,
    RecognitionRule,
    RevenueEntry,
)
from billing.revenue_queries import revenue_months, schedule_of
from billing.rules.asks import CreditSpec
from billing.rules.claims import ClaimSpec
from billing.services.claim_chargebacks import claim_chargeback
from billing.services.follow_invoices import follow_invoices
from billing.services.issue_credit_memo import issue_credit_memo
from billing.services.pay_rebate import NothingAccrued, pay_rebate
from billing.services.recognize_revenue import (
    NotEarnedByUse,
    hold_revenue,
    recognize_due,
    record_use,
    release_revenue,
)
from billing.states import CreditKind
from core.errors import InvalidInput
from core.testing import drain
from credit.models import CreditAccount
from exceptions_app.models import Case
from fulfillment.models import Shipment
from fulfillment.services.confirm_delivery import confirm_delivery
from pricing.group_queries import RebateAsk, rebates_on
from pricing.models import ChargebackTerms, PriceRow, PriceSource, RebateProgram, TierActivation
from tests.factories.accounts import AccountFactory, StaffFactory
from tests.factories.catalog import CategoryFactory, ProductFactory
from tests.factories.doors import browser_of
from tests.factories.exceptions import ends_by_itself
from tests.factories.flow import NOW, PICKER, breaches, shipped, stocked_world

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = NOW.date()


def give_back(world, invoice, qty, key="k"):
    issue_credit_memo(
        account_id=world.account.pk, kind=CreditKind.RETURN,
        lines=[CreditSpec(invoice.lines.order_by("pk")[0].pk, qty=D(qty))], reason="back", key=key, actor=PICKER, now=NOW,
    )  # fmt: skip
    drain(NOW)


def recognized() -> list[Decimal]:
    return list(Obligation.objects.order_by("pk").values_list("recognized_amount", flat=True))


def test_a_service_over_three_months_is_recognized_month_by_month_and_a_credit_takes_its_part_back():
    world = stocked_world(products=2)
    RecognitionRule.objects.create(product=world.products[1], event="over_time", months=3)
    shipped(world, 6, 3)  # 60 of goods, 30 of service (prices as the world has them)
    invoice = Invoice.objects.get()
    goods, service = Obligation.objects.order_by("pk")
    assert (goods.allocated_amount + service.allocated_amount, goods.recognized_amount) == (
        invoice.net_amount,
        goods.allocated_amount,
    )
    assert service.recognized_amount == 0
    later = NOW + timedelta(days=62)
    recognize_due(now=later)
    service.refresh_from_db()
    assert service.recognized_amount == (service.allocated_amount * 2 / 3).quantize(D("0.01"))
    assert recognize_due(now=later) > 0 and RevenueEntry.objects.filter(obligation=service).count() == 1
    give_back(world, invoice, 6)
    assert recognized()[0] == 0
    for _ in range(2):
        follow_invoices(invoice_ids=[invoice.pk], now=later)
    months = revenue_months(start=date(TODAY.year, 1, 1), end=date(TODAY.year + 1, 1, 1), currency="USD")
    billed = sum(m.invoiced - m.credited for m in months)
    assert (billed, months[-1].deferred) == (D(30), D(30) - sum(m.recognized for m in months))
    assert breaches() == []


def test_deliver_use_and_hold():
    world = stocked_world(products=2)
    RecognitionRule.objects.create(product=world.products[0], event="deliver")
    RecognitionRule.objects.create(product=world.products[1], event="use")
    shipped(world, 1, 4)
    by_delivery, by_use = Obligation.objects.order_by("pk")
    assert recognized() == [0, 0]
    hold_revenue(obligation_id=by_use.pk, reason="acceptance test", actor=PICKER, now=NOW)
    with pytest.raises(InvalidInput, match="not between 0 and the 4 billed"):
        record_use(used={by_use.pk: D(5)}, actor=PICKER, now=NOW)
    with pytest.raises(NotEarnedByUse):
        record_use(used={by_delivery.pk: D(1)}, actor=PICKER, now=NOW)
    record_use(used={by_use.pk: D(1)}, actor=PICKER, now=NOW)
    assert recognized() == [0, 0]
    release_revenue(obligation_id=by_use.pk, actor=PICKER, now=NOW)
    assert recognized() == [0, by_use.allocated_amount / 4]
    assert schedule_of(by_delivery.pk) == []
    confirm_delivery(shipment_id=Shipment.objects.get().pk, delivered_at=NOW, actor=PICKER, now=NOW)
    recognize_due(now=NOW)
    assert [(x.day, x.amount, x.is_past) for x in schedule_of(by_delivery.pk)] == [
        (TODAY, by_delivery.allocated_amount, True)
    ]
    assert recognized()[0] == by_delivery.allocated_amount
    assert breaches() == []


def test_finance_enters_what_was_used_and_reads_the_schedule_on_the_obligation_s_page():
    world = stocked_world(products=2)
    RecognitionRule.objects.create(product=world.products[0], event="use")
    RecognitionRule.objects.create(product=world.products[1], event="over_time", months=3)
    shipped(world, 4, 3)
    by_use, over_time = Obligation.objects.order_by("pk")
    assert [(x.amount, x.is_past) for x in schedule_of(over_time.pk)] == [(D("10.00"), False)] * 3
    finance, auditor = browser_of(StaffFactory(roles=["finance"])), browser_of(StaffFactory(roles=["auditor"]))
    use = reverse("admin:billing_obligation_use", args=[by_use.pk])
    assert finance.post(use, {"used": "9"}).status_code == 422
    assert finance.post(use, {"used": ""}).status_code == 422
    assert auditor.post(use, {"used": "1"}).status_code == 403
    assert (finance.post(use, {"used": "3"}).status_code, recognized()[0]) == (302, D("30.00"))
    page = finance.get(reverse("admin:billing_obligation_change", args=[by_use.pk])).content.decode()
    assert "Enter what was used…" in page and "<h2>Schedule</h2>" not in page
    page = auditor.get(reverse("admin:billing_obligation_change", args=[over_time.pk])).content.decode()
    assert "<h2>Schedule</h2>" in page and "Enter what was used" not in page
    assert page.count("<td>recognized</td>") == 3  # the clock of the doors is months later


def test_an_invoice_without_a_rule_is_revenue_when_posted_and_needs_no_rows():
    world = stocked_world()
    shipped(world, 3)
    assert Obligation.objects.count() == 0
    (month,) = revenue_months(start=TODAY.replace(day=1), end=TODAY + timedelta(days=31), currency="USD")
    assert (month.invoiced, month.recognized, month.deferred) == (D(30), D(30), 0)


def member_of(account, group):
    GroupMembership.objects.create(account=account, group=group, valid_from=TODAY - timedelta(days=100))


def test_a_rebate_of_5_percent_follows_the_invoice_and_is_paid_once():
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    program = RebateProgram.objects.create(
        code="R", name="Rebate", group=group, percent=5, valid_from=TODAY - timedelta(days=9)
    )
    world, stranger = stocked_world(), stocked_world()
    member_of(world.account, group)
    shipped(stranger, 3)
    shipped(world, 3)
    invoice = Invoice.objects.latest("pk")
    assert [e.amount for e in RebateEntry.objects.all()] == [D("1.50")]
    give_back(world, invoice, 1)
    follow_invoices(invoice_ids=[invoice.pk], now=NOW)
    assert [e.amount for e in RebateEntry.objects.order_by("pk")] == [D("1.50"), D("-0.50")]
    ask = {"program_id": program.pk, "account_id": world.account.pk, "currency": "USD", "actor": PICKER, "now": NOW}
    pay_rebate(**ask)
    with pytest.raises(NothingAccrued):
        pay_rebate(**ask)
    memo = CreditMemo.objects.get(kind="rebate")
    assert (memo.total_amount, RebateEntry.objects.latest("pk").why) == (
        D("1.00"),
        f"paid by credit memo {memo.number}",
    )
    follow_invoices(invoice_ids=[invoice.pk], now=NOW)
    assert sum(e.amount for e in RebateEntry.objects.all()) == 0
    assert breaches() == []


def test_a_chargeback_is_paid_once_and_a_wrong_one_is_denied_with_every_reason_and_a_case():
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    hospital = AccountFactory(code="HOSP")
    member_of(hospital, group)
    world = stocked_world()
    shipped(world, 10)
    product = world.products[0]
    source = PriceSource.objects.create(
        code="GPO-1", name="GPO", level="group", group=group, valid_from=TODAY - timedelta(days=50)
    )
    PriceRow.objects.create(source=source, product=product, unit_price=D(8), valid_from=TODAY - timedelta(days=50))
    spec = {
        "account_id": world.account.pk, "contract_code": "GPO-1", "member": "HOSP", "sku": product.sku,
        "sale_date": TODAY, "cost_price": D(10), "contract_price": D(8), "currency": "USD",
    }  # fmt: skip
    paid = ChargebackClaim.objects.get(
        pk=claim_chargeback(ClaimSpec(reference="D-1", qty=D(6), **spec), actor=PICKER, now=NOW)
    )
    assert (paid.status, paid.amount, paid.credit_memo.total_amount) == ("approved", D(12), D(12))
    assert CreditAccount.objects.get().unapplied_amount == 12
    again = claim_chargeback(ClaimSpec(reference="D-1", qty=D(5), **spec), actor=PICKER, now=NOW)
    denied = ChargebackClaim.objects.get(pk=again)
    assert [d["code"] for d in denied.denials] == ["more_than_sold", "duplicate"]
    assert Case.objects.get(kind="chargeback_denied").money_at_risk == D(10)
    assert breaches() == []


def test_a_rebate_on_a_category_reaches_what_is_below_it_and_membership_is_asked_for_the_day():
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    top = CategoryFactory()
    world = stocked_world()
    product = world.products[0]
    product.category = CategoryFactory(parent=top)
    product.save()
    RebateProgram.objects.create(
        code="R", name="Rebate", group=group, category=top, percent=D("2.5"), valid_from=TODAY - timedelta(days=9)
    )
    yesterday = TODAY - timedelta(days=1)
    GroupMembership.objects.create(
        account=world.account, group=group, valid_from=yesterday, valid_to=TODAY + timedelta(days=1)
    )
    asks = [RebateAsk(n, world.account.pk, product.pk, day) for n, day in enumerate((yesterday, TODAY))]
    asks += [RebateAsk(9, world.account.pk, product.pk, TODAY + timedelta(days=1))]
    asks += [RebateAsk(8, world.account.pk, ProductFactory().pk, TODAY)]
    with CaptureQueriesContext(connection) as captured:
        found = rebates_on(asks)
    assert ({k: [r.percent for r in v] for k, v in found.items()}, len(captured)) == (
        {0: [D("2.5000")], 1: [D("2.5000")]}, 1,
    )  # fmt: skip


def test_a_groups_chargeback_terms_say_how_old_a_claim_and_how_far_its_price_may_be():
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    hospital = AccountFactory(code="HOSP")
    since = TODAY - timedelta(days=200)
    GroupMembership.objects.create(account=hospital, group=group, valid_from=since)
    world = stocked_world()
    shipped(world, 10)
    source = PriceSource.objects.create(code="GPO-1", name="GPO", level="group", group=group, valid_from=since)
    PriceRow.objects.create(source=source, product=world.products[0], unit_price=D(8), valid_from=since)
    PriceRow.objects.create(source=source, product=world.products[0], unit_price=D(7), tier="GOLD", valid_from=since)

    def claimed(reference, days, price):
        spec = ClaimSpec(
            world.account.pk, reference, "gpo-1", "HOSP", world.products[0].sku, D(1), TODAY - timedelta(days=days),
            D(10), D(price), "USD",
        )  # fmt: skip
        row = ChargebackClaim.objects.get(pk=claim_chargeback(spec, actor=PICKER, now=NOW))
        return [d["code"] for d in row.denials]

    assert claimed("A", 91, "8") == ["too_old"]
    assert claimed("B", 9, "8.01") == ["other_price"]
    ChargebackTerms.objects.create(group=group, claim_days=120, price_tolerance=D("0.01"), valid_from=since)
    assert claimed("C", 91, "8.01") == []
    assert claimed("D", 121, "7.98") == ["other_price", "too_old"]
    TierActivation.objects.create(source=source, account=hospital, tier="GOLD", valid_from=since)
    assert (claimed("E", 1, "8"), claimed("F", 1, "7")) == (["other_price"], [])


def test_a_claim_typed_in_is_in_the_distributors_currency_or_the_one_it_names():
    account = AccountFactory(currency="EUR")
    browser = browser_of(StaffFactory(roles=[Role.FINANCE]))
    form = {
        "account": account.code, "contract": "GPO-1", "member": "HOSP", "sku": ProductFactory().sku, "quantity": "1",
        "cost": "10", "price": "8", "sold": f"{TODAY}",
    }  # fmt: skip
    add = reverse("admin:billing_chargebackclaim_add")
    for n, currency in enumerate(("", "chf", "EURO")):
        browser.post(add, {**form, "reference": f"D-{n}", "currency": currency})
    assert list(ChargebackClaim.objects.order_by("pk").values_list("reference", "currency")) == [
        ("D-0", "EUR"), ("D-1", "CHF"),
    ]  # fmt: skip


def test_a_denied_chargeback_is_no_case_once_the_same_claim_passed_and_another_one_does_not_end_it():
    group = AccountGroup.objects.create(code="GPO", name="GPO")
    member_of(AccountFactory(code="HOSP"), group)
    world = stocked_world()
    shipped(world, 10)
    source = PriceSource.objects.create(
        code="GPO-1", name="GPO", level="group", group=group, valid_from=TODAY - timedelta(days=50)
    )
    PriceRow.objects.create(
        source=source, product=world.products[0], unit_price=D(8), valid_from=TODAY - timedelta(days=50)
    )

    def claim(reference: str, price: int) -> str:
        spec = ClaimSpec(
            world.account.pk, reference, "GPO-1", "HOSP", world.products[0].sku, D(2), TODAY, D(10), D(price), "USD"
        )
        return ChargebackClaim.objects.get(pk=claim_chargeback(spec, actor=PICKER, now=NOW)).status

    assert claim("D-1", 7) == "denied"  # another price than the contract's
    assert not ends_by_itself("chargeback_denied", NOW)
    assert claim("D-2", 8) == "approved"
    assert not ends_by_itself("chargeback_denied", NOW)
    assert claim("D-1", 8) == "approved"
    assert ends_by_itself("chargeback_denied", NOW)
