"""Every console screen: its list, its form for a new row and the page of a row, in both themes and two widths."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import Account, ApprovalRequest, ServiceTier
from billing.models import CommissionStatement, CreditMemo, Invoice, Obligation, Receipt
from core.console import ServiceAdmin
from credit.models import CreditAccount
from exceptions_app.models import Case
from inventory.models import FieldUsage, Transfer, TransferDispute, TransferOffer
from tests.browser import company
from tests.browser.routes import address, routes, visitor_of
from tests.browser.visit import DESKTOP, PHONE, THEMES, Surfer, faults_of

WIDTHS = (DESKTOP, PHONE)
SCREENS: dict[str, ServiceAdmin] = {m._meta.label_lower: a for m, a in admin.site._registry.items()}
EVERY_SCREEN = {"changelist", "add", "change", "delete", "history"}
# for scripts, a way to elsewhere, or a file
NO_PAGES = {
    *("view_on_site", "jsi18n", "autocomplete", "login"),
    *("catalog_license_evidence", "integrations_upload_export_sheet", "integrations_upload_result"),
    "inventory_allocationrun_comparison",
    "credit_limitevidence_file",
}
# the arguments of addresses that have any and are pages
ARGUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "accounts_account_splits": lambda: {"account_id": Account.objects.latest("pk").pk},
    "app_list": lambda: {"app_label": "orders"},
    "auth_user_password_change": lambda: {"id": company.person("service").pk},
    "billing_commissionstatement_step": lambda: {
        "statement_id": CommissionStatement.objects.latest("pk").pk,
        "verb": "pay",
    },
    "billing_obligation_use": lambda: {"obligation_id": Obligation.objects.latest("pk").pk},
    "billing_obligation_hold": lambda: {"obligation_id": Obligation.objects.latest("pk").pk},
    "billing_creditmemo_apply": lambda: {"credit_memo_id": CreditMemo.objects.latest("pk").pk},
    "billing_creditmemo_pdf": lambda: {"credit_memo_id": CreditMemo.objects.latest("pk").pk},
    "billing_invoice_pdf": lambda: {"invoice_id": Invoice.objects.latest("pk").pk},
    "billing_invoice_step": lambda: {"invoice_id": Invoice.objects.latest("pk").pk, "verb": "credit"},
    "billing_receipt_apply": lambda: {"receipt_id": Receipt.objects.latest("pk").pk},
    "credit_limitevidence_attach": lambda: {"credit_account_id": CreditAccount.objects.latest("pk").pk},
    "exceptions_app_case_do": lambda: {"case_id": Case.objects.latest("pk").pk, "verb": "take"},
    "inventory_demand_reallocate": lambda: {"demand_id": company.order("PO-BACK").lines.latest("pk").demand_id},
    "inventory_transfer_acknowledge": lambda: {"transfer_id": fill_up("shipped").pk},
    "orders_order_amend": lambda: {"order_id": company.order("PO-BACK").pk},
    "orders_order_price": lambda: {"order_id": company.order("PO-BACK").pk},
    "orders_hold_credit_desk_do": lambda: {"hold_id": 1, "verb": "recheck"},
    "orders_order_do": lambda: {"order_id": company.order("PO-DRAFT").pk, "verb": "submit"},
    "fulfillment_shipment_deliver": lambda: {"shipment_id": company.shipment("PO-SHIPPED").pk},
    "fulfillment_shipment_pack": lambda: {"shipment_id": company.shipment("PO-PICKED").pk},
    "fulfillment_shipment_paper": lambda: {"shipment_id": company.shipment("PO-PICKED").pk, "what": "slip"},
    "fulfillment_shipment_pick": lambda: {"shipment_id": company.shipment("PO-RELEASED").pk},
    "fulfillment_shipment_ship": lambda: {"shipment_id": company.shipment("PO-PICKED").pk},
    "fulfillment_vendororder_do": lambda: {"shipment_id": company.shipment("PO-BOUGHT").pk, "step": "confirm"},
}


def fill_up(status: str) -> Transfer:
    return Transfer.objects.filter(to_site__code="TRUNK-1", status=status).latest("pk")


def of(model: str, page: str, row: Callable[[], Any]) -> Callable[[], str]:
    return lambda: reverse(f"admin:{model}_{page}", args=[row().pk])


def step_of(name: str, model: Any, *more: str) -> Callable[[], str]:
    return lambda: reverse(f"admin:{name}", args=[model.objects.latest("pk").pk, *more])


# what else a screen can show: who looks, and where
STATES: dict[str, tuple[str, Callable[[], str]]] = {
    "what-if": (
        "planner",
        lambda: reverse("admin:inventory_allocationrun_what_if") + "?sku=MESH-10X15&policy=strategic&beside=strategic",
    ),
    "fill-up-disputed": (
        "service",
        lambda: reverse("admin:inventory_transfer_acknowledge", args=[fill_up("short").pk]),
    ),
    "order-draft": ("service", of("orders_order", "change", lambda: company.order("PO-DRAFT"))),
    "order-held": ("lead", of("orders_order", "change", lambda: company.order("PO-HELD"))),
    "order-over-limit": ("finance", of("orders_order", "change", lambda: company.order("PO-CREDIT"))),
    "order-short": ("planner", of("orders_order", "change", lambda: company.order("PO-BACK"))),
    "order-history": ("lead", of("orders_order", "history", lambda: company.order("PO-SHIPPED"))),
    "credit-desk-of-finance": ("finance", lambda: reverse("admin:orders_hold_credit_desk")),
    "limit-asked-for": (
        "finance",
        of("accounts_approvalrequest", "change", lambda: ApprovalRequest.objects.get(kind="credit")),
    ),
    "release-desk-held": ("planner", lambda: reverse("admin:fulfillment_releaserun_desk") + "?held=on"),
    "shipment-asked-back": ("warehouse", of("fulfillment_shipment", "change", lambda: company.shipment("PO-RELEASED"))),
    "shipment-of-a-vendor": ("planner", of("fulfillment_shipment", "change", lambda: company.shipment("PO-LATE"))),
    "vendor-order-withdrawn": (
        "planner",
        lambda: reverse(
            "admin:fulfillment_vendororder_do",
            kwargs={"shipment_id": company.shipment("PO-LATE").pk, "step": "withdraw"},
        ),
    ),
    "tier-delete": ("lead", of("accounts_servicetier", "delete", lambda: ServiceTier.objects.latest("pk"))),
    "field-board": ("planner", lambda: reverse("admin:inventory_parlevel_board") + "?site=TRUNK-1"),
    "usage-waits": ("lead", of("inventory_fieldusage", "change", lambda: FieldUsage.objects.latest("pk"))),
    "dispute-settle": ("warehouse", step_of("inventory_transferdispute_settle", TransferDispute)),
    "offer-accept": ("warehouse", step_of("inventory_transferoffer_step", TransferOffer, "accept")),
    "found-nothing": ("lead", lambda: reverse("admin:orders_order_changelist") + "?q=nothing-is-called-so"),
    "case-desk-of-one": (
        "lead",
        lambda: reverse("admin:exceptions_app_case_desk") + f"?view=live&case={Case.objects.earliest('pk').pk}",
    ),
    "case-desk-empty": (
        "lead",
        lambda: reverse("admin:exceptions_app_case_desk") + "?view=live&q=nothing-is-called-so",
    ),
    "case-report": ("lead", lambda: reverse("admin:exceptions_app_case_report") + "?days=90"),
    "dashboard-of-finance": ("finance", lambda: reverse("admin:index")),
}


def who_works_at(screen: ServiceAdmin) -> str:
    """The persona who may do most there."""
    for roles in (screen.access.act, screen.access.view):
        for name, (own, _first, _last) in company.STAFF.items():
            if not roles.isdisjoint(own):
                return name
    raise AssertionError(f"Nobody in tests/browser/company.py may look at {screen}: add a persona")


def pages_of(label: str, who: str) -> dict[str, str]:
    """The name of each page (for its picture) and its address."""
    screen = SCREENS[label]
    opts, name = screen.model._meta, label.replace(".", "-")
    route = f"admin:{opts.app_label}_{opts.model_name}"
    pages = {f"{name}-list": reverse(f"{route}_changelist")}
    request = RequestFactory().get("/admin/")
    request.user = company.person(who)
    if screen.has_add_permission(request):
        pages[f"{name}-add"] = reverse(f"{route}_add")
    row = company.row_of(screen.model)
    assert row is not None, f"No {label} to look at: let tests/browser/company.py make one"
    pages[f"{name}-page"] = reverse(f"{route}_change", args=[row.pk])
    return pages


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("label", SCREENS)
def test_a_screen_can_be_used_by_everybody_at_every_width(walker: Surfer, label: str, theme: str) -> None:
    who = who_works_at(SCREENS[label])
    page, faults = walker.page(who, theme=theme), []
    for name, path in pages_of(label, who).items():
        answer = walker.go(page, path)
        assert answer.status == 200, f"{path} as {who}"
        faults += faults_of(page, name, theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


def other_routes() -> list[str]:
    """The console's addresses beside the five of every screen."""
    of_screens = {f"{label.replace('.', '_')}_{page}" for label in SCREENS for page in EVERY_SCREEN}
    return sorted(set(routes("admin")) - of_screens - NO_PAGES)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", other_routes())
def test_a_page_of_its_own_can_be_used_by_everybody_at_every_width(walker: Surfer, name: str, theme: str) -> None:
    path = address("admin", name, ARGUMENTS)
    who = visitor_of(path, tuple(company.STAFF))
    if who is None:
        return  # it is posted to: no page to look at
    page = walker.open(path, who, theme=theme)
    faults = faults_of(page, f"console-{name}", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", STATES)
def test_a_state_of_a_screen_can_be_used_by_everybody(walker: Surfer, name: str, theme: str) -> None:
    who, path = STATES[name]
    page = walker.open(path(), who, theme=theme)
    faults = faults_of(page, f"console-{name}", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
def test_what_an_amendment_would_do_can_be_read_by_everybody(walker: Surfer, theme: str) -> None:
    page = walker.page("service", theme=theme)
    path = reverse("admin:orders_order_amend", args=[company.order("PO-OPEN").pk])
    assert walker.go(page, path).status == 200
    page.fill("[name=qty-1]", "14")
    page.fill("[name=sku-1]", company.order("PO-OPEN").lines.latest("pk").product.sku)
    page.fill("[name=new-1]", "3")
    with page.expect_navigation(wait_until="load"):
        page.click("button[value=look]")
    assert page.locator("#am-seen").is_visible()
    assert page.locator("button[value=amend]").is_visible()
    faults = faults_of(page, "order-amend-seen", theme=theme, widths=WIDTHS)
    assert not faults, "\n".join(faults)
