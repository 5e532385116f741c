"""Who may look and who may act, address by address: written here by hand, compared with what each screen declares, and
tried for every role. An address that is not in these tables fails: whoever adds one says here whom it is for."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from accounts.states import Role
from core.access import Access
from tests.factories.accounts import AccountFactory, AssignmentFactory, BuyerFactory, RepFactory, UserFactory
from tests.factories.doors import browser_of, device_of

pytestmark = pytest.mark.django_db

DESKS = "cs cs_lead pricing finance finance_approver planner warehouse auditor operator"
BUYING = "buyer buyer_approver"
ROLES = f"{DESKS} rep {BUYING} service".split()
EVERY_DESK = DESKS
NOBODY = ""
LEADS = "cs_lead operator"
CARE = "cs cs_lead operator"
DOCK = "warehouse operator"
GOODS = "operator planner pricing"
MONEY = "finance finance_approver"
ASK_MONEY = "cs cs_lead auditor operator"
PLANS = "cs_lead pricing auditor operator"
BOOKS = "auditor operator pricing"

# screen: who may look, who may act (and look), and which of add, change, delete its form offers to those who act
CONSOLE: dict[str, tuple[str, str, str]] = {
    "accounts.account": (EVERY_DESK, LEADS, "acd"),
    "accounts.accountgroup": (EVERY_DESK, LEADS, "acd"),
    "accounts.approvalrequest": (EVERY_DESK, f"cs_lead pricing planner {MONEY}", ""),
    "accounts.authoritylimit": (EVERY_DESK, "finance_approver operator", "acd"),
    "accounts.buyer": (EVERY_DESK, LEADS, "acd"),
    "accounts.groupmembership": (EVERY_DESK, LEADS, "acd"),
    "accounts.rep": (EVERY_DESK, LEADS, "acd"),
    "accounts.repassignment": (EVERY_DESK, LEADS, ""),
    "accounts.servicetier": (EVERY_DESK, LEADS, "acd"),
    "accounts.shipto": (EVERY_DESK, CARE, "acd"),
    "accounts.spendingentry": (EVERY_DESK, NOBODY, ""),
    "accounts.territory": (EVERY_DESK, LEADS, "acd"),
    "accounts.user": ("auditor cs_lead", "operator", "ac"),
    "accounts.userabsence": (EVERY_DESK, LEADS, "acd"),
    "axes.accessattempt": ("auditor", "operator", ""),
    "billing.chargebackclaim": ("cs cs_lead auditor operator", f"pricing {MONEY}", "a"),
    "billing.commissionentry": (f"{PLANS} {MONEY}", NOBODY, ""),
    "billing.commissionplan": (PLANS, MONEY, "acd"),
    "billing.commissionrate": (PLANS, MONEY, "acd"),
    "billing.commissionstatement": (PLANS, MONEY, "a"),
    "billing.obligation": (BOOKS, MONEY, ""),
    "billing.payment": (f"cs cs_lead auditor operator {MONEY}", NOBODY, ""),
    "billing.planmember": (PLANS, MONEY, "acd"),
    "billing.planversion": (PLANS, MONEY, "acd"),
    "billing.rebateentry": ("cs cs_lead pricing auditor operator", MONEY, ""),
    "billing.recognitionrule": (BOOKS, MONEY, "acd"),
    "billing.creditmemo": (BILLS := "cs cs_lead pricing auditor operator", MONEY, ""),
    "billing.dispute": (f"{BILLS} {MONEY}", NOBODY, ""),
    "billing.invoice": (BILLS, MONEY, ""),
    "billing.invoicingchoice": (BILLS, f"cs_lead {MONEY}", "acd"),
    "billing.writeoff": (f"{BILLS} {MONEY}", NOBODY, ""),
    "billing.receipt": ("cs cs_lead pricing auditor operator", MONEY, "a"),
    "catalog.authorizationrule": (EVERY_DESK, LEADS, "acd"),
    "catalog.category": (EVERY_DESK, GOODS, "acd"),
    "catalog.customerpartnumber": (EVERY_DESK, CARE, "ac"),
    "catalog.kitcomponent": (EVERY_DESK, GOODS, "acd"),
    "catalog.license": (EVERY_DESK, LEADS, "acd"),
    "catalog.product": (EVERY_DESK, GOODS, "acd"),
    "catalog.productunit": (EVERY_DESK, GOODS, "acd"),
    "catalog.substitution": (EVERY_DESK, GOODS, "acd"),
    "core.calendar": (EVERY_DESK, "operator", "acd"),
    "core.calendarholiday": ("cs_lead planner warehouse", "operator", "acd"),
    "core.exchangerate": ("cs_lead auditor operator pricing", MONEY, "acd"),
    "core.job": ("auditor", "operator", ""),
    "core.journalentry": (f"auditor cs cs_lead operator {MONEY}", NOBODY, ""),
    "core.outboxfact": ("auditor operator", NOBODY, ""),
    "core.overrideentry": ("auditor cs_lead pricing", MONEY, ""),
    "credit.creditaccount": (ASK_MONEY, MONEY, "ac"),
    "credit.creditrule": (ASK_MONEY, MONEY, "ac"),
    "credit.limitaddition": (ASK_MONEY, MONEY, "ac"),
    "credit.limitevidence": (ASK_MONEY, MONEY, ""),
    "credit.paymentterms": (ASK_MONEY, MONEY, "acd"),
    "credit.termswords": (ASK_MONEY, MONEY, "acd"),
    "credit.posting": (f"{ASK_MONEY} {MONEY}", NOBODY, ""),
    "exceptions_app.case": (EVERY_DESK, f"cs cs_lead pricing planner warehouse operator {MONEY}", ""),
    "exceptions_app.queue": (EVERY_DESK, LEADS, "acd"),
    "exceptions_app.routingrule": (EVERY_DESK, LEADS, "acd"),
    "exceptions_app.slapolicy": (EVERY_DESK, LEADS, "acd"),
    "fulfillment.recallrequest": ("auditor", f"cs cs_lead planner warehouse operator {MONEY}", ""),
    "fulfillment.releasepolicy": (f"cs warehouse auditor {MONEY}", "cs_lead planner operator", "acd"),
    "fulfillment.releaserun": (f"auditor {MONEY}", "cs cs_lead planner warehouse operator", ""),
    "fulfillment.carrierservice": (EVERY_DESK, DOCK, "acd"),
    "fulfillment.labelnumbering": (EVERY_DESK, "operator", "acd"),
    "fulfillment.shippingchoice": (EVERY_DESK, CARE, "acd"),
    "fulfillment.shippingrule": (EVERY_DESK, DOCK, "acd"),
    "fulfillment.return": (
        f"cs cs_lead planner auditor operator warehouse {MONEY}",
        "cs cs_lead warehouse operator",
        "",
    ),
    "fulfillment.shipment": (f"{ASK_MONEY} planner {MONEY}", "cs cs_lead planner warehouse operator", ""),
    "fulfillment.vendororder": (f"warehouse pricing auditor {MONEY}", "cs cs_lead planner operator", ""),
    "integrations.editransaction": ("cs auditor", LEADS, "c"),
    "integrations.importedline": ("cs auditor", LEADS, ""),
    "integrations.inboxfile": ("cs auditor", LEADS, ""),
    "integrations.interchange": ("cs auditor", LEADS, ""),
    "integrations.outbounddocument": ("cs auditor", LEADS, ""),
    "integrations.partnerprofile": ("cs auditor", LEADS, "c"),
    "integrations.promiseletter": (EVERY_DESK, CARE, ""),
    "integrations.upload": (EVERY_DESK, "cs cs_lead operator planner pricing warehouse", "a"),
    "inventory.allocationpolicy": (EVERY_DESK, "planner", "ac"),
    "inventory.allocationrun": (EVERY_DESK, "planner", ""),
    "inventory.allocationscenario": (EVERY_DESK, "planner", ""),
    "inventory.fieldusage": (EVERY_DESK, NOBODY, ""),
    "inventory.fillup": (EVERY_DESK, "planner warehouse operator", ""),
    "inventory.parlevel": (EVERY_DESK, "operator planner", "acd"),
    "inventory.transferdispute": (EVERY_DESK, "planner warehouse cs cs_lead", ""),
    "inventory.transferoffer": (EVERY_DESK, "planner warehouse", ""),
    "inventory.backorder": (EVERY_DESK, "planner cs_lead", ""),
    "inventory.claim": (EVERY_DESK, NOBODY, ""),
    "inventory.demand": (EVERY_DESK, "planner cs_lead", ""),
    "inventory.inboundsupply": (EVERY_DESK, "planner", "ac"),
    "inventory.lot": (EVERY_DESK, "planner warehouse", ""),
    "inventory.ordercap": (EVERY_DESK, "operator planner", "acd"),
    "inventory.pool": (EVERY_DESK, "operator planner", "ac"),
    "inventory.safetystock": (EVERY_DESK, "operator planner", "acd"),
    "inventory.serial": (EVERY_DESK, NOBODY, ""),
    "inventory.vendoroffer": (f"cs_lead pricing auditor {MONEY}", "planner operator", "ac"),
    "inventory.site": (EVERY_DESK, "operator planner", "acd"),
    "inventory.sourcingrule": (EVERY_DESK, "operator planner", "acd"),
    "inventory.stockbalance": (EVERY_DESK, "planner warehouse", "c"),
    "inventory.stockcount": (EVERY_DESK, "planner warehouse", "a"),
    "inventory.stockmovement": (EVERY_DESK, "planner warehouse", "a"),
    "inventory.transfer": (EVERY_DESK, "planner warehouse", "a"),
    "inventory.transitlane": (EVERY_DESK, "operator planner", "acd"),
    "orders.hold": (EVERY_DESK, NOBODY, ""),
    "orders.holdtype": (EVERY_DESK, "cs_lead finance_approver operator", "ac"),
    "orders.order": (EVERY_DESK, f"cs cs_lead pricing {MONEY}", ""),
    "orders.purchaserule": (EVERY_DESK, CARE, "acd"),
    "orders.stockhold": (EVERY_DESK, NOBODY, ""),
    "orders.stockholdlimit": (EVERY_DESK, "cs_lead planner operator", "acd"),
    "pricing.chargebackterms": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.commitment": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.contract": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.freightrate": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.priceadjustment": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.priceagreement": (f"{ASK_MONEY} planner pricing {MONEY}", NOBODY, ""),
    "pricing.pricerow": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.pricesource": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.rebateprogram": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.taxrate": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "pricing.tieractivation": (f"{ASK_MONEY} planner {MONEY}", "pricing", "acd"),
    "reporting.kpiday": (EVERY_DESK, f"operator {MONEY} planner cs_lead", ""),
    "reporting.ordermeasure": (EVERY_DESK, NOBODY, ""),
}

# a console screen's own addresses: method, arguments, who may
BUTTONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "accounts_account_splits": ("get", {"account_id": 1}, LEADS),
    "accounts_account_status": ("post", {"account_id": 1}, LEADS),
    "accounts_approvalrequest_decide": ("post", {"approval_id": 1}, CONSOLE["accounts.approvalrequest"][1]),
    "accounts_shipto_do": ("post", {"ship_to_id": 1}, CARE),
    "auth_user_password_change": ("get", {"id": "1"}, "operator"),
    "billing_chargebackclaim_export": ("get", {}, f"cs cs_lead pricing auditor operator {MONEY}"),
    "billing_commissionentry_export": ("get", {}, f"{PLANS} {MONEY}"),
    "billing_commissionstatement_close": ("get", {}, MONEY),
    "billing_commissionstatement_export": ("get", {}, f"{PLANS} {MONEY}"),
    "billing_commissionstatement_recompute": ("get", {}, MONEY),
    "billing_commissionstatement_step": ("get", {"statement_id": 1, "verb": "pay"}, MONEY),
    "billing_obligation_export": ("get", {}, f"{BOOKS} {MONEY}"),
    "billing_obligation_hold": ("get", {"obligation_id": 1}, MONEY),
    "billing_obligation_use": ("get", {"obligation_id": 1}, MONEY),
    "billing_obligation_report": ("get", {}, f"{BOOKS} {MONEY}"),
    "billing_rebateentry_export": ("get", {}, f"cs cs_lead pricing auditor operator {MONEY}"),
    "billing_rebateentry_pay": ("get", {}, MONEY),
    "billing_creditmemo_apply": ("get", {"credit_memo_id": 1}, MONEY),
    "billing_creditmemo_export": ("get", {}, f"{BILLS} {MONEY}"),
    "billing_creditmemo_pdf": ("get", {"credit_memo_id": 1}, f"{BILLS} {MONEY}"),
    "billing_invoice_export": ("get", {}, f"{BILLS} {MONEY}"),
    "billing_invoice_pdf": ("get", {"invoice_id": 1}, f"{BILLS} {MONEY}"),
    "billing_invoice_statement": ("get", {}, f"{BILLS} {MONEY}"),
    "billing_invoice_step": ("get", {"invoice_id": 1, "verb": "credit"}, MONEY),
    "billing_receipt_apply": ("get", {"receipt_id": 1}, MONEY),
    "credit_limitevidence_attach": ("get", {"credit_account_id": 1}, MONEY),
    "credit_limitevidence_file": ("get", {"evidence_id": 1}, f"{ASK_MONEY} {MONEY}"),
    "exceptions_app_case_export": ("get", {}, CONSOLE["exceptions_app.case"][0]),
    "fulfillment_return_do": ("get", {"return_id": 1, "step": "authorize"}, "cs cs_lead operator"),
    "fulfillment_return_export": ("get", {}, " ".join(CONSOLE["fulfillment.return"][:2])),
    "fulfillment_shipment_export": ("get", {}, " ".join(CONSOLE["fulfillment.shipment"][:2])),
    "orders_order_export": ("get", {}, CONSOLE["orders.order"][0]),
    "catalog_authorizationrule_explain": ("get", {}, EVERY_DESK),
    "catalog_license_attach": ("post", {"licence_id": 1}, LEADS),
    "catalog_license_evidence": ("get", {"licence_id": 1}, EVERY_DESK),
    "catalog_license_revoke": ("post", {"licence_id": 1}, LEADS),
    "catalog_product_scan": ("get", {}, EVERY_DESK),
    "catalog_product_status": ("post", {"product_id": 1}, GOODS),
    "core_overrideentry_audit": ("get", {}, f"auditor cs_lead pricing {MONEY}"),
    "core_overrideentry_leakage": ("get", {}, f"auditor cs_lead pricing {MONEY}"),
    "core_overrideentry_proof": ("get", {}, f"auditor cs_lead pricing {MONEY}"),
    "core_overrideentry_review": ("post", {"entry_id": 1}, MONEY),
    "exceptions_app_case_desk": ("get", {}, CONSOLE["exceptions_app.case"][0]),
    "exceptions_app_case_work_through": ("get", {}, CONSOLE["exceptions_app.case"][0]),
    "exceptions_app_case_report": ("get", {}, CONSOLE["exceptions_app.case"][0]),
    "exceptions_app_case_do": ("post", {"case_id": 1, "verb": "take"}, CONSOLE["exceptions_app.case"][1]),
    "fulfillment_recallrequest_accept": ("post", {"recall_id": 1}, "warehouse operator"),
    "fulfillment_recallrequest_ask": ("post", {"shipment_id": 1}, f"cs cs_lead planner operator {MONEY}"),
    "fulfillment_recallrequest_refuse": ("post", {"recall_id": 1}, "warehouse operator"),
    "fulfillment_releaserun_desk": ("get", {}, "cs cs_lead planner warehouse operator"),
    "fulfillment_shipment_deliver": ("get", {"shipment_id": 1}, "cs cs_lead planner warehouse operator"),
    "fulfillment_shipment_pack": ("get", {"shipment_id": 1}, DOCK),
    "fulfillment_shipment_paper": (
        "get",
        {"shipment_id": 1, "what": "slip"},
        " ".join(CONSOLE["fulfillment.shipment"][:2]),
    ),
    "fulfillment_shipment_proof": ("get", {"shipment_id": 1}, " ".join(CONSOLE["fulfillment.shipment"][:2])),
    "fulfillment_shipment_service": ("post", {"shipment_id": 1}, DOCK),
    "fulfillment_shipment_station": ("get", {}, DOCK),
    "fulfillment_shipment_begin": ("post", {"shipment_id": 1}, "warehouse operator"),
    "fulfillment_shipment_pick": ("get", {"shipment_id": 1}, "warehouse operator"),
    "fulfillment_shipment_release": ("post", {"order_id": 1}, "cs cs_lead planner warehouse operator"),
    "fulfillment_shipment_release_part": ("post", {"order_id": 1}, MONEY),
    "fulfillment_shipment_ship": ("get", {"shipment_id": 1}, "warehouse operator"),
    "fulfillment_vendororder_do": ("get", {"shipment_id": 1, "step": "confirm"}, "cs cs_lead planner operator"),
    "integrations_partnerprofile_advise": ("post", {"partner_id": 1}, LEADS),
    "integrations_partnerprofile_confirm": ("post", {"partner_id": 1}, LEADS),
    "integrations_upload_apply": ("post", {"upload_id": 1}, CONSOLE["integrations.upload"][1]),
    "integrations_upload_undo": ("post", {"upload_id": 1}, CONSOLE["integrations.upload"][1]),
    "integrations_upload_columns": ("post", {"upload_id": 1}, CONSOLE["integrations.upload"][1]),
    "integrations_upload_export_sheet": ("get", {"code": "accounts", "form": "csv"}, EVERY_DESK),
    "integrations_upload_result": ("get", {"upload_id": 1, "form": "csv"}, EVERY_DESK),
    "inventory_allocationrun_open_workbench": ("get", {}, EVERY_DESK),
    "inventory_allocationrun_what_if": ("get", {}, EVERY_DESK),
    "inventory_allocationrun_comparison": ("get", {}, EVERY_DESK),
    "inventory_allocationscenario_export": ("get", {}, EVERY_DESK),
    "inventory_allocationpolicy_export": ("get", {}, EVERY_DESK),
    "inventory_allocationrun_export": ("get", {}, EVERY_DESK),
    "inventory_demand_move_stock": ("get", {"object_id": 1}, "planner"),
    "inventory_demand_reallocate": ("get", {"demand_id": 1}, "planner"),
    "inventory_backorder_export": ("get", {}, EVERY_DESK),
    "inventory_demand_shortages": ("get", {}, EVERY_DESK),
    "inventory_fieldusage_export": ("get", {}, EVERY_DESK),
    "inventory_fillup_prepare_now": ("get", {}, "planner warehouse operator"),
    "inventory_fillup_replenish_now": ("get", {}, "planner warehouse operator"),
    "inventory_fillup_run": ("get", {"verb": "replenish"}, "planner warehouse operator"),
    "inventory_parlevel_board": ("get", {}, EVERY_DESK),
    "inventory_transferdispute_settle": ("get", {"dispute_id": 1}, "planner warehouse cs cs_lead"),
    "inventory_transferoffer_step": ("get", {"offer_id": 1, "verb": "accept"}, "planner warehouse"),
    "fulfillment_shipment_usage": ("post", {"usage_id": 1, "verb": "bill"}, "cs cs_lead planner warehouse operator"),
    "inventory_lot_export": ("get", {}, EVERY_DESK),
    "inventory_lot_recall": ("get", {"lot_id": 1}, "planner warehouse"),
    "inventory_lot_shipments": ("get", {"lot_id": 1}, EVERY_DESK),
    "inventory_pool_retire": ("get", {"pool_id": 1}, "operator planner"),
    "inventory_serial_export": ("get", {}, EVERY_DESK),
    "inventory_serial_scan": ("get", {}, EVERY_DESK),
    "inventory_stockbalance_export": ("get", {}, EVERY_DESK),
    "inventory_stockbalance_status": ("get", {"balance_id": 1}, "planner warehouse"),
    "inventory_stockcount_export": ("get", {}, EVERY_DESK),
    "inventory_stockcount_step": ("get", {"count_id": 1, "verb": "post"}, "planner warehouse"),
    "inventory_stockmovement_export": ("get", {}, EVERY_DESK),
    "inventory_transfer_export": ("get", {}, EVERY_DESK),
    "inventory_transfer_acknowledge": ("get", {"transfer_id": 1}, "cs cs_lead"),
    "inventory_transfer_step": ("get", {"transfer_id": 1, "verb": "ship"}, "planner warehouse"),
    "inventory_stockbalance_ledger": ("get", {}, EVERY_DESK),
    "orders_hold_credit_desk_do": ("post", {"hold_id": 1, "verb": "recheck"}, MONEY),
    "orders_hold_credit_desk": ("get", {}, f"{ASK_MONEY} {MONEY}"),
    "orders_order_reprice": ("get", {}, CONSOLE["orders.order"][1]),
    "orders_order_amend": ("get", {"order_id": 1}, CONSOLE["orders.order"][1]),
    "orders_order_price": ("get", {"order_id": 1}, CONSOLE["orders.order"][1]),
    "orders_order_do": ("post", {"order_id": 1, "verb": "submit"}, CONSOLE["orders.order"][1]),
    "reporting_kpiday_build": ("get", {}, f"operator {MONEY} planner cs_lead"),
    "reporting_kpiday_export": ("get", {}, EVERY_DESK),
    "reporting_kpiday_service": ("get", {}, EVERY_DESK),
    "reporting_kpiday_trends": ("get", {}, EVERY_DESK),
    "pricing_pricesource_explain": ("get", {}, f"{ASK_MONEY} planner pricing {MONEY}"),
}

# the console's own frame: shows each person what the screens above let them see
FRAME = {
    *("index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n"),
    *("view_on_site", "app_list", "search", ""),
}

# address: who may look, who may act
PORTAL: dict[str, tuple[str, str]] = {
    "home": (ROLES_ALL := " ".join(ROLES), f"rep {BUYING}"),
    "quick-order": (f"rep {BUYING}", f"rep {BUYING}"),
    "quick-order-row": (f"rep {BUYING}", f"rep {BUYING}"),
    "place": (f"rep {BUYING}", f"rep {BUYING}"),
    "orders": (f"rep {BUYING}", f"rep {BUYING}"),
    "orders-csv": (f"rep {BUYING}", f"rep {BUYING}"),
    "order": (f"rep {BUYING}", f"rep {BUYING}"),
    "amend": (f"rep {BUYING}", f"rep {BUYING}"),
    "cancel": (f"rep {BUYING}", f"rep {BUYING}"),
    "ask-price": (f"rep {BUYING}", f"rep {BUYING}"),
    "ask": (f"rep {BUYING}", f"rep {BUYING}"),
    "request": (f"rep {BUYING}", f"rep {BUYING}"),
    "return": (f"rep {BUYING}", f"rep {BUYING}"),
    "substitutes": (f"rep {BUYING}", f"rep {BUYING}"),
    "options": (f"rep {BUYING}", f"rep {BUYING}"),
    "notices": (f"rep {BUYING}", f"rep {BUYING}"),
    "discard": (f"rep {BUYING}", f"rep {BUYING}"),
    "approvals": (f"rep {BUYING}", f"rep {BUYING}"),
    "approval-decide": (f"rep {BUYING}", f"rep {BUYING}"),
    "invoices": (f"rep {BUYING}", f"rep {BUYING}"),
    "consigned": (f"rep {BUYING}", f"rep {BUYING}"),
    "invoice-pdf": (f"rep {BUYING}", f"rep {BUYING}"),
    "packing-slip": (f"rep {BUYING}", f"rep {BUYING}"),
    "delivery-proof": (f"rep {BUYING}", f"rep {BUYING}"),
    "invoice-dispute": (f"rep {BUYING}", f"rep {BUYING}"),
    "pay": (f"rep {BUYING}", f"rep {BUYING}"),
    "payment": (f"rep {BUYING}", f"rep {BUYING}"),
    "statement": (f"rep {BUYING}", f"rep {BUYING}"),
    "choose": (f"rep {BUYING}", f"rep {BUYING}"),
    "act-for": (f"rep {BUYING}", f"rep {BUYING}"),
}
PORTAL_METHODS = {
    "quick-order-row": "post",
    "place": "post",
    "act-for": "post",
    "discard": "post",
    "approval-decide": "post",
}
PORTAL_ARGUMENTS = {
    name: {"number": "SO-1"}
    for name in (
        *(
            "order",
            "amend",
            "cancel",
            "ask-price",
            "ask",
            "return",
            "discard",
            "invoice-pdf",
            "invoice-dispute",
            "substitutes",
            "options",
        ),
        *("packing-slip", "delivery-proof"),
    )
}
PORTAL_ARGUMENTS["request"] = {"about": "credit-limit"}
PORTAL_ARGUMENTS["payment"] = {"public_id": "00000000-0000-4000-8000-000000000000"}
PORTAL_ARGUMENTS["approval-decide"] = {"public_id": "00000000-0000-4000-8000-000000000000"}

WORKING = " ".join(role for role in DESKS.split() if role != "auditor")
ORDERING = f"cs cs_lead rep service {BUYING}"
FIELD_USE, FIELD_MOVE = "cs cs_lead rep", "cs cs_lead rep planner warehouse"
# address: method → who may ("*": anybody, without a token too)
API: dict[str, dict[str, str]] = {
    "entrance": {"get": "*"},
    "tokens": {"post": "*"},
    "current-token": {"delete": ROLES_ALL},
    "me": {"get": ROLES_ALL},
    "products": {"get": ROLES_ALL},
    "approvals": {"get": ROLES_ALL},
    "approval-decision": {"post": ROLES_ALL},
    "exceptions": {"get": DESKS},
    "exception": {"get": DESKS},
    "exception-claim": {"post": WORKING},
    "exception-comment": {"post": WORKING},
    "exception-resolve": {"post": WORKING},
    "requests": {"post": f"cs cs_lead pricing planner rep {MONEY} {BUYING}"},
    "prices": {"get": ROLES_ALL},
    "payment-messages": {"post": "*"},
    "commission-statements": {"get": "rep"},
    "commission-statement": {"get": "rep"},
    "commission-line-dispute": {"post": "rep"},
    "credit": {"get": ROLES_ALL},
    "availability": {"get": ROLES_ALL, "post": ROLES_ALL},
    "stock-locations": {"get": f"{DESKS} service"},
    "stock-movements": {"get": f"{DESKS} service"},
    "pools": {"get": f"{DESKS} service rep"},
    "field-sites": {"get": f"{DESKS} rep"},
    "field-site": {"get": f"{DESKS} rep"},
    "field-scan": {"post": f"{DESKS} rep"},
    "field-usages": {"get": f"{DESKS} rep", "post": FIELD_USE},
    "field-usage": {"get": f"{DESKS} rep"},
    "field-usage-po": {"post": FIELD_USE},
    "field-transfers": {"get": f"{DESKS} rep"},
    "field-acknowledge": {"post": FIELD_MOVE},
    "field-settle": {"post": FIELD_MOVE},
    "field-offers": {"get": f"{DESKS} rep", "post": FIELD_MOVE},
    "field-offer-answer": {"post": FIELD_MOVE},
    "field-counts": {"post": FIELD_MOVE},
    "field-count": {"get": f"{DESKS} rep", "post": FIELD_MOVE},
    "field-count-post": {"post": FIELD_MOVE},
    "orders": {"get": ROLES_ALL, "post": ORDERING},
    "order-preview": {"post": ROLES_ALL},
    "order": {"get": ROLES_ALL},
    "order-amend": {"post": ORDERING},
    "order-revisions": {"get": ROLES_ALL},
    "order-cancel": {"post": ORDERING},
    "order-hold": {"get": ROLES_ALL, "post": ORDERING, "delete": ORDERING},
    "price-requests": dict.fromkeys(("get", "post"), f"cs cs_lead pricing finance_approver rep {BUYING}"),
    "promise-requests": dict.fromkeys(("get", "post"), f"cs cs_lead planner rep {BUYING}"),
    "allowance-requests": dict.fromkeys(("get", "post"), f"cs cs_lead pricing rep {BUYING}"),
    "order-promise": {"post": ORDERING},
    "order-substitutes": {"get": ROLES_ALL},
    "order-substitute": {"post": ORDERING},
    "order-timeline": {"get": ROLES_ALL},
    "shipments": {"get": ROLES_ALL},
    "shipment": {"get": ROLES_ALL},
    "shipment-paper": {"get": ROLES_ALL},
    "shipment-progress": {"post": f"{DOCK} service"},
    "shipment-pick": {"post": f"{DOCK} service"},
    "recalls": {"get": f"{DOCK} service cs cs_lead planner auditor {MONEY}"},
    "shipment-recall": {"post": f"{DOCK} service"},
    "shipment-other-lot": {"post": f"{DOCK} service"},
    "shipment-packages": {"post": f"{DOCK} service"},
    "shipment-ship": {"post": f"{DOCK} service"},
    "shipment-vendor-answer": {"post": "cs cs_lead planner operator service"},
    "shipment-vendor-shipment": {"post": "cs cs_lead planner operator service"},
    "shipment-vendor-withdrawal": {"post": "cs cs_lead planner operator service"},
    "shipment-delivery": {"post": f"{DOCK} service cs cs_lead planner"},
    "schema": {"get": "*"},
    "docs": {"get": "*"},
    "": {"get": "*"},  # nothing is here
}
NO_ORDER = {"public_id": "00000000-0000-4000-8000-000000000000"}
NO_PAPER = {"number": "XX-1"}
FIELD_ARGUMENTS: dict[str, dict[str, str]] = {
    **{name: {"code": "TRUNK-0"} for name in ("field-site", "field-scan")},
    **{f"field-{name}": NO_PAPER for name in ["usage", "usage-po", "acknowledge", "settle", "count", "count-post"]},
    "field-offer-answer": {"number": "XX-1", "answer": "accept"},
}
STATEMENT = {"number": "CS-1"}
API_ARGUMENTS = FIELD_ARGUMENTS | {
    "payment-messages": {"code": "sandbox"},
    "commission-statement": STATEMENT,
    "commission-line-dispute": {**STATEMENT, "line_id": "1"},
    **dict.fromkeys(("price-requests", "promise-requests", "allowance-requests"), NO_ORDER),
    "approval-decision": NO_ORDER,
    "order": NO_ORDER,
    "order-amend": NO_ORDER,
    "order-revisions": NO_ORDER,
    "order-cancel": NO_ORDER,
    "order-hold": NO_ORDER,
    "order-timeline": NO_ORDER,
}
NO_CASE = {"number": "EX-1"}
API_ARGUMENTS |= {name: NO_CASE for name in API if name.startswith("exception-") or name == "exception"}
API_ARGUMENTS |= {name: NO_ORDER for name in API if name.startswith("shipment-") or name == "shipment"}
API_ARGUMENTS["shipment-paper"] = {**NO_ORDER, "what": "labels"}
API_ARGUMENTS |= dict.fromkeys(("order-promise", "order-substitutes", "order-substitute"), NO_ORDER)

OTHER = {  # config's: no roles; machines' addresses and the library's sign-in pages
    *("healthz", "readyz", "metrics", "account_login", "account_logout", "account_inactive", "account_signup"),
    *("account_reauthenticate", "account_email", "account_email_verification_sent", "account_confirm_email"),
    *("account_change_password", "account_set_password", "account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done", "account_confirm_login_code"),
    *("mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
    *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes", ""),
}
FORMS = {"a": "add", "c": "change", "d": "delete"}
SCREENS = {f"{m._meta.app_label}.{m._meta.model_name}": a for m, a in admin.site._registry.items()}


def _walk(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, entry.namespace or space)
        else:
            yield space, entry


def names(space: str) -> set[str]:
    return {p.name or "" for s, p in _walk(get_resolver()) if s == space}


def person(role: str, *, is_staff: bool = True) -> Any:
    """Somebody with that one role, even let into the console: the role alone decides."""
    if role == "rep":
        rep = RepFactory(user__is_staff=is_staff)
        AssignmentFactory(rep=rep, account=AccountFactory())
        return rep.user
    if role in BUYING:
        return BuyerFactory(user__roles=[role], user__is_staff=is_staff).user
    return UserFactory(roles=[role], is_staff=is_staff)


def test_every_address_is_in_a_table():
    assert set(SCREENS) == set(CONSOLE)
    of_screens = {f"{s.replace('.', '_')}_{p}" for s in CONSOLE for p in ("changelist", "history", *FORMS.values())}
    assert names("admin") == of_screens | set(BUTTONS) | FRAME
    assert names("portal") == set(PORTAL)
    assert names("api") == set(API)
    assert names("") == OTHER


def test_the_roles_are_all_there_are():
    assert set(ROLES) == set(Role)


@pytest.mark.parametrize("screen", CONSOLE)
def test_a_screen_declares_what_the_table_says(screen):
    look, act, _forms = CONSOLE[screen]
    declared: Access = SCREENS[screen].access
    assert declared.view | declared.act == {*look.split(), *act.split()}
    assert declared.act == set(act.split())
    assert declared.anonymous is False


def test_a_page_or_endpoint_declares_what_the_table_says():
    found = {(space, p.name or ""): p.callback for space, p in _walk(get_resolver()) if space in ("portal", "api")}
    for name, (look, act) in PORTAL.items():
        declared = found["portal", name].access
        assert (declared.view | declared.act, declared.act) == ({*look.split(), *act.split()}, {*act.split()}), name
    for name, methods in API.items():
        view = found["api", name].cls
        for method, roles in methods.items():
            reads = method == "get" or getattr(view, "writes_nothing", False)
            allowed = view.access.view | view.access.act if reads else view.access.act
            assert view.access.anonymous == (roles == "*"), name
            assert allowed == set(roles.split()) - {"*"}, (name, method)


@pytest.mark.parametrize("role", ROLES)
def test_the_console_lets_a_role_do_what_the_table_says_and_nothing_else(role):
    browser, wrong = browser_of(person(role)), []
    for screen, (look, act, forms) in CONSOLE.items():
        may_look, may_act = role in {*look.split(), *act.split()}, role in act.split()
        base = f"admin:{screen.replace('.', '_')}_"
        calls = [("get", reverse(f"{base}changelist"), may_look)]
        for letter, form in FORMS.items():
            may = may_act and letter in forms
            args = [] if form == "add" else [0]
            calls.append(("post", reverse(base + form, args=args), may))
            calls.append(("get", reverse(base + form, args=args), may or (form == "change" and may_look)))
        wrong += [found for call in calls if (found := _tried(browser, *call))]
    for name, (method, arguments, roles) in BUTTONS.items():
        found = _tried(browser, method, reverse(f"admin:{name}", kwargs=arguments), role in roles.split())
        wrong += [found] if found else []
    assert wrong == []


def _tried(browser: Client, method: str, url: str, may: bool) -> str:
    """Empty where the answer is as it should be: 403 for whoever may not, anything but 403 and a fault otherwise."""
    status = getattr(browser, method)(url).status_code
    return "" if (status != 403 and status < 500 if may else status == 403) else f"{method} {url} → {status}, may={may}"


def _every_console_address() -> list[tuple[str, str]]:
    pages = [
        reverse(f"admin:{s.replace('.', '_')}_{page}", args=[] if page in ("changelist", "add") else [1])
        for s in CONSOLE
        for page in ("changelist", "history", *FORMS.values())
    ]
    buttons = [(m, reverse(f"admin:{n}", kwargs=kw)) for n, (m, kw, _roles) in BUTTONS.items()]
    frame = [reverse(f"admin:{n}") for n in ("index", "search", "autocomplete", "jsi18n", "password_change")]
    return [("get", p) for p in (*pages, *frame)] + [("post", p) for p in pages] + buttons


@pytest.mark.parametrize("who", ["anonymous", "inactive", "without staff status"])
def test_the_console_shows_its_door_to_whoever_is_not_let_in(who):
    browser = Client()
    if who == "inactive":
        browser = browser_of(UserFactory(roles=[Role.OPERATOR], is_staff=True, is_superuser=True, is_active=False))
    elif who == "without staff status":
        browser = browser_of(person("operator", is_staff=False))
    for method, url in _every_console_address():
        answer = getattr(browser, method)(url)
        assert (answer.status_code, "/admin/login/" in answer.headers.get("Location", "")) == (302, True), url


def test_a_role_finds_in_the_console_s_search_only_what_its_screens_show():
    AccountFactory(code="QUAYSIDE", name="Quayside Marine")
    address = reverse("admin:search") + "?s=quayside&extended=1"
    assert "Quayside" in browser_of(person("cs")).get(address).content.decode()
    for role in ("rep", "buyer", "service"):
        assert "Quayside" not in browser_of(person(role)).get(address).content.decode()
    choices = "?app_label=accounts&model_name=repassignment&field_name=account&term=quay"
    assert browser_of(person("buyer")).get(reverse("admin:autocomplete") + choices).status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_the_portal_lets_a_role_do_what_the_table_says_and_nothing_else(role):
    browser = browser_of(person(role))
    for name, (look, act) in PORTAL.items():
        method = PORTAL_METHODS.get(name, "get")
        may = role in (look if method == "get" else act).split()
        status = getattr(browser, method)(reverse(f"portal:{name}", kwargs=PORTAL_ARGUMENTS.get(name))).status_code
        if name == "home" and role == "service":
            assert status in (302, 403)
        else:
            assert (status == 403) is not may and status < 500, (name, status)


def test_the_portal_asks_strangers_to_sign_in():
    left = browser_of(UserFactory(roles=[Role.BUYER], is_active=False))
    for browser in (Client(), left):
        for name in PORTAL:
            call = getattr(browser, PORTAL_METHODS.get(name, "get"))
            answer = call(reverse(f"portal:{name}", kwargs=PORTAL_ARGUMENTS.get(name)))
            assert answer.status_code == 302 and answer["Location"].startswith("/sign-in/login/"), name


def _calls() -> Iterator[tuple[str, str, str]]:
    for name, methods in API.items():
        for method, roles in methods.items():
            url = reverse(f"api:{name}", kwargs=API_ARGUMENTS.get(name)) if name else "/api/v1/nothing"
            yield method, url, roles


@pytest.mark.parametrize("role", ROLES)
def test_the_api_lets_a_role_do_what_the_table_says_and_nothing_else(role):
    user = person(role, is_staff=False)
    for method, url, roles in _calls():
        status = getattr(device_of(user), method)(url).status_code
        may = roles == "*" or role in roles.split()
        assert (status == 403) is not may and status < 500, (method, url, status)


def test_the_api_asks_strangers_for_a_token():
    left = UserFactory(roles=[Role.BUYER])
    device = device_of(left)
    type(left).objects.filter(pk=left.pk).update(is_active=False)
    for client in (APIClient(), device):
        for method, url, roles in _calls():
            status = getattr(client, method)(url).status_code
            assert (status == 401) is (roles != "*") or url.endswith(
                ("tokens", "schema/", "docs/", "v1/", "nothing")
            ), url


def test_a_console_session_does_not_write_through_the_api_without_a_csrf_token():
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person("buyer"), backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/api/v1/orders", "{}", content_type="application/json", headers={"Idempotency-Key": "k"})
    assert answer.status_code == 403
