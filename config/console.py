"""The console's look and its sidebar (django-unfold). Colours are those of tokens.css, as ramps."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

Item = dict[str, Any]


def _address(screen: str) -> str:
    """The console screen's address, or the dashboard's where that screen is not installed."""
    try:
        return reverse(screen)
    except NoReverseMatch:
        return reverse("admin:index")


# Resolved when a page is drawn, and a string to Unfold, which marks the current screen by comparing addresses.
_lazy_address = lazy(_address, str)


def _item(title: Any, icon: str, screen: str) -> Item:
    """A sidebar entry, shown to those the screen's own access lets look. `screen` is "app_model", or "index"."""
    name = "admin:index" if screen == "index" else f"admin:{screen}_changelist"
    return _entry(title, icon, _lazy_address(name), _may_see(screen))


def _entry(title: Any, icon: str, link: Any, permission: Callable[[HttpRequest], bool]) -> Item:
    """One line of the sidebar; it is the chosen one on its own page and on those below it that have no line."""
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "permission": permission,
        "active": lambda request: str(link) == chosen_line(request),
    }


def chosen_line(request: HttpRequest) -> str:
    """The address of the sidebar's line for this page: the longest that the page's own begins with."""
    here: str | None = getattr(request, "sidebar_line", None)
    if here is None:
        lines = [str(item["link"]) for section in NAVIGATION for item in section["items"]]
        home = reverse("admin:index")
        above = [line for line in lines if line != home and request.path.startswith(line)]
        here = max(above, key=len, default=request.path)
        request.sidebar_line = here  # type: ignore[attr-defined] # asked by each of a hundred lines
    return here


def said_by_the_sidebar(address: str) -> tuple[str, str]:
    """(section, title) of the line that leads to `address`; empty where no line does."""
    for section in NAVIGATION:
        for item in section["items"]:
            if str(item["link"]) == address:
                return str(section["title"]), str(item["title"])
    return "", ""


def _may_see(screen: str) -> Callable[[HttpRequest], bool]:
    def permission(request: HttpRequest) -> bool:
        from django.contrib import admin

        if screen == "index":
            return True
        screens = {f"{m._meta.app_label}_{m._meta.model_name}": a for m, a in admin.site._registry.items()}
        return screen in screens and screens[screen].has_view_permission(request)

    return permission


def _page(title: Any, icon: str, address: str, screen: str) -> Item:
    """A page of its own that belongs to a screen, shown to those who may see that screen."""
    return _entry(title, icon, _lazy_address(f"admin:{address}"), _may_see(screen))


def _credit_desk() -> Item:
    link = lazy(lambda: reverse("admin:orders_hold_credit_desk"), str)
    return _entry(_("Credit desk"), "savings", link(), _may_see("credit_posting"))


def _release_desk() -> Item:
    """For those who release."""
    link = lazy(lambda: reverse("admin:fulfillment_releaserun_desk"), str)

    def permission(request: HttpRequest) -> bool:
        from django.contrib import admin

        screens: Iterable[Any] = admin.site._registry.values()
        return any(s.opts.label_lower == "fulfillment.releaserun" and s.access.may_act(request.user) for s in screens)

    return _entry(_("Release desk"), "rocket_launch", link(), permission)


def _exceptions() -> Item:
    link = lazy(lambda: reverse("admin:exceptions_app_case_desk"), str)
    shown = _may_see("exceptions_app_case")
    cases = lazy(lambda: reverse("admin:exceptions_app_case_changelist"), str)()
    line = _entry(_("Exceptions"), "crisis_alert", link(), shown)
    return {**line, "active": lambda request: request.path.startswith(str(cases))}


def _packing_station() -> Item:
    def permission(request: HttpRequest) -> bool:
        from core.access import allow
        from fulfillment.admin.shipments import SHIP

        return allow(act=SHIP).may_act(request.user)

    link = lazy(lambda: reverse("admin:fulfillment_shipment_station"), str)
    return _entry(_("Packing station"), "package_2", link(), permission)


def _section(title: Any, *items: Item) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


NAVIGATION = [
    _section(
        _("Work"),
        _item(_("Dashboard"), "monitoring", "index"),
        _exceptions(),
        _item(_("Holds"), "front_hand", "orders_hold"),
        _credit_desk(),
        _item(_("Approvals"), "approval", "accounts_approvalrequest"),
    ),
    _section(
        _("Orders"),
        _item(_("Orders"), "list_alt", "orders_order"),
        _release_desk(),
        _item(_("Release runs"), "playlist_play", "fulfillment_releaserun"),
        _item(_("Release policies"), "auto_mode", "fulfillment_releasepolicy"),
        _item(_("Shipments"), "local_shipping", "fulfillment_shipment"),
        _item(_("Vendor orders"), "factory", "fulfillment_vendororder"),
        _item(_("Recalls"), "keyboard_return", "fulfillment_recallrequest"),
        _packing_station(),
        _item(_("Returns"), "undo", "fulfillment_return"),
        _item(_("Invoices"), "receipt_long", "billing_invoice"),
        _item(_("Hold types"), "back_hand", "orders_holdtype"),
        _item(_("Purchase rules"), "rule", "orders_purchaserule"),
        _item(_("Held goods"), "shopping_cart_checkout", "orders_stockhold"),
        _item(_("Limits of held goods"), "hourglass_top", "orders_stockholdlimit"),
    ),
    _section(
        _("Shipping"),
        _item(_("Shipping rules"), "alt_route", "fulfillment_shippingrule"),
        _item(_("Carrier services"), "local_post_office", "fulfillment_carrierservice"),
        _item(_("Shipping choices"), "merge", "fulfillment_shippingchoice"),
        _item(_("Label numbering"), "barcode_scanner", "fulfillment_labelnumbering"),
    ),
    _section(
        _("Money"),
        _item(_("Receipts"), "payments", "billing_receipt"),
        _item(_("Online payments"), "credit_card", "billing_payment"),
        _item(_("Credit memos"), "assignment_return", "billing_creditmemo"),
        _item(_("Invoice disputes"), "gavel", "billing_dispute"),
        _item(_("Write-offs"), "money_off", "billing_writeoff"),
        _item(_("Invoicing choices"), "tune", "billing_invoicingchoice"),
        _item(_("Revenue"), "trending_up", "billing_obligation"),
        _item(_("Recognition rules"), "rule_settings", "billing_recognitionrule"),
        _item(_("Rebates"), "redeem", "billing_rebateentry"),
        _item(_("Chargebacks"), "swap_horiz", "billing_chargebackclaim"),
    ),
    _section(
        _("Figures"),
        _page(_("KPIs by week"), "insights", "reporting_kpiday_trends", "reporting_kpiday"),
        _page(_("Service against contracts"), "handshake", "reporting_kpiday_service", "reporting_kpiday"),
        _item(_("KPIs by day"), "calendar_view_day", "reporting_kpiday"),
    ),
    _section(
        _("Commissions"),
        _item(_("Statements"), "request_quote", "billing_commissionstatement"),
        _item(_("Commission entries"), "menu_book", "billing_commissionentry"),
        _item(_("Commission plans"), "fact_check", "billing_commissionplan"),
        _item(_("Plan versions"), "history", "billing_planversion"),
        _item(_("Commission rates"), "percent", "billing_commissionrate"),
        _item(_("Reps on plans"), "badge", "billing_planmember"),
    ),
    _section(
        _("Allocation and inventory"),
        _item(_("Demands"), "account_tree", "inventory_demand"),
        _item(_("Backorders"), "hourglass_top", "inventory_backorder"),
        _page(_("Shortages"), "trending_down", "inventory_demand_shortages", "inventory_demand"),
        _item(_("Stock"), "inventory_2", "inventory_stockbalance"),
        _page(_("Availability ledger"), "receipt_long", "inventory_stockbalance_ledger", "inventory_stockbalance"),
        _item(_("Movements"), "swap_vert", "inventory_stockmovement"),
        _item(_("Inbound"), "input", "inventory_inboundsupply"),
        _item(_("Transfers"), "move_up", "inventory_transfer"),
        _item(_("Counts"), "checklist", "inventory_stockcount"),
        _item(_("Lots"), "event_busy", "inventory_lot"),
        _item(_("Serial numbers"), "barcode", "inventory_serial"),
        _item(_("Used in the field"), "medical_services", "inventory_fieldusage"),
        _item(_("Par levels"), "stacked_line_chart", "inventory_parlevel"),
        _item(_("Fill-ups"), "garage", "inventory_fillup"),
        _item(_("Offers"), "handshake", "inventory_transferoffer"),
        _item(_("Transfer disputes"), "balance", "inventory_transferdispute"),
        _page(
            _("Allocation workbench"), "compare_arrows", "inventory_allocationrun_what_if", "inventory_allocationrun"
        ),
        _item(_("Allocation runs"), "rule", "inventory_allocationrun"),
        _item(_("Scenarios"), "bookmark", "inventory_allocationscenario"),
        _item(_("Allocation policies"), "tune", "inventory_allocationpolicy"),
        _item(_("Sites"), "warehouse", "inventory_site"),
        _item(_("Sourcing rules"), "alt_route", "inventory_sourcingrule"),
        _item(_("Vendors' offers"), "storefront", "inventory_vendoroffer"),
        _item(_("Transit lanes"), "local_shipping", "inventory_transitlane"),
        _item(_("Pools"), "pie_chart", "inventory_pool"),
        _item(_("Safety stock"), "health_and_safety", "inventory_safetystock"),
        _item(_("Order caps"), "production_quantity_limits", "inventory_ordercap"),
    ),
    _section(
        _("Products and pricing"),
        _item(_("Products"), "category", "catalog_product"),
        _item(_("Categories"), "account_tree", "catalog_category"),
        _item(_("Units and packaging"), "package_2", "catalog_productunit"),
        _item(_("Kit components"), "deployed_code", "catalog_kitcomponent"),
        _item(_("Substitutions"), "swap_horiz", "catalog_substitution"),
        _item(_("Customer part numbers"), "tag", "catalog_customerpartnumber"),
        _item(_("Authorizations"), "verified_user", "catalog_authorizationrule"),
        _item(_("Licences"), "license", "catalog_license"),
        _item(_("Contracts"), "contract", "pricing_contract"),
        _item(_("Volume commitments"), "inventory", "pricing_commitment"),
        _item(_("Price lists and contracts"), "sell", "pricing_pricesource"),
        _item(_("Prices"), "price_change", "pricing_pricerow"),
        _page(_("Explain a price"), "manage_search", "pricing_pricesource_explain", "pricing_pricesource"),
        _item(_("Discounts and charges"), "percent", "pricing_priceadjustment"),
        _item(_("Tier activations"), "loyalty", "pricing_tieractivation"),
        _item(_("Rebate programs"), "redeem", "pricing_rebateprogram"),
        _item(_("Chargeback terms"), "assignment_return", "pricing_chargebackterms"),
        _item(_("Tax rates"), "request_quote", "pricing_taxrate"),
        _item(_("Freight rates"), "local_shipping", "pricing_freightrate"),
    ),
    _section(
        _("Credit"),
        _item(_("Credit accounts"), "account_balance", "credit_creditaccount"),
        _item(_("Credit rules"), "rule_settings", "credit_creditrule"),
        _item(_("Temporary and insured limits"), "more_time", "credit_limitaddition"),
        _item(_("Postings"), "menu_book", "credit_posting"),
        _item(_("Payment terms"), "event", "credit_paymentterms"),
        _item(_("Wordings of payment terms"), "translate", "credit_termswords"),
    ),
    _section(
        _("Customers"),
        _item(_("Accounts"), "domain", "accounts_account"),
        _item(_("Ship-to addresses"), "home_pin", "accounts_shipto"),
        _item(_("Groups"), "groups", "accounts_accountgroup"),
        _item(_("Memberships"), "card_membership", "accounts_groupmembership"),
        _item(_("Service tiers"), "stars", "accounts_servicetier"),
        _item(_("Territories"), "map", "accounts_territory"),
        _item(_("People"), "group", "accounts_user"),
        _item(_("Absences"), "event_busy", "accounts_userabsence"),
        _item(_("Buyers"), "badge", "accounts_buyer"),
        _item(_("Spending"), "account_balance_wallet", "accounts_spendingentry"),
        _item(_("Reps"), "directions_car", "accounts_rep"),
        _item(_("Commission splits"), "pie_chart", "accounts_repassignment"),
    ),
    _section(
        _("Integrations"),
        _item(_("Imports"), "upload_file", "integrations_upload"),
        _item(_("Letters"), "outgoing_mail", "integrations_promiseletter"),
        _item(_("Trading partners"), "handshake", "integrations_partnerprofile"),
        _item(_("EDI inbox"), "inbox", "integrations_interchange"),
        _item(_("EDI transactions"), "sync_alt", "integrations_editransaction"),
        _item(_("Acknowledgements"), "outbox", "integrations_outbounddocument"),
    ),
    _section(
        _("Audit and settings"),
        _item(_("Overrides"), "policy", "core_overrideentry"),
        _item(_("Authority limits"), "gavel", "accounts_authoritylimit"),
        _item(_("Journal"), "history", "core_journalentry"),
        _item(_("Jobs"), "schedule", "core_job"),
        _item(_("Locked names"), "lock", "axes_accessattempt"),
        _item(_("Facts"), "bolt", "core_outboxfact"),
        _item(_("Calendars"), "calendar_month", "core_calendar"),
        _item(_("Exchange rates"), "currency_exchange", "core_exchangerate"),
        _item(_("Case teams"), "groups", "exceptions_app_queue"),
        _item(_("SLA policies"), "timer", "exceptions_app_slapolicy"),
        _item(_("Case routing"), "alt_route", "exceptions_app_routingrule"),
    ),
]

# Cool paper and ink, one cobalt for actions; every other colour on a screen means a state.
BASE_RAMP = {
    "50": "#F5F7F9",
    "100": "#EEF0F3",
    "200": "#DDE0E4",
    "300": "#B9BEC6",
    "400": "#81878F",
    "500": "#5A616B",
    "600": "#424852",
    "700": "#292E36",
    "800": "#14171E",
    "900": "#0F131A",
    "950": "#0B0E14",
}
COBALT_RAMP = {
    "50": "#F3F7FF",
    "100": "#E9F1FE",
    "200": "#C9DCFC",
    "300": "#97BBFB",
    "400": "#6F9DF2",
    "500": "#3C73DB",
    "600": "#1D4FB0",
    "700": "#1346AB",
    "800": "#133F95",
    "900": "#18294A",
    "950": "#0D1930",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Holdfast",
    "SITE_HEADER": "Holdfast",
    "SITE_SUBHEADER": _("Order management"),
    "SITE_SYMBOL": "anchor",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}],
    "SCRIPTS": [lambda request: static("js/console.js")],
    "SITE_URL": "/",
    "ENVIRONMENT": "core.demo.badge",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "base": BASE_RAMP,
        "primary": COBALT_RAMP,
        "font": {
            "subtle-light": "#5A616B",
            "subtle-dark": "#989FA8",
            "default-light": "#424852",
            "default-dark": "#B9BEC6",
            "important-light": "#151A22",
            "important-dark": "#EDF0F4",
        },
    },
    "DASHBOARD_CALLBACK": "reporting.dashboard.context",
    # Not "search_models": that asks every list there is, and takes every row it finds.
    "COMMAND": {"search_models": False, "search_callback": "config.palette.found", "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
}
