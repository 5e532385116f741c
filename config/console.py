"""The console's look and its sidebar (django-unfold). Colours are those of tokens.css, as ramps."""

from typing import Any

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


def _item(title: Any, icon: str, screen: str, permission: str = "") -> Item:
    item: Item = {"title": title, "icon": icon, "link": _lazy_address(f"admin:{screen}")}
    item["permission"] = lambda request: (
        _is_there(f"admin:{screen}") and (not permission or request.user.has_perm(permission))
    )
    return item


def _is_there(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


NAVIGATION = [
    {
        "title": _("Work"),
        "items": [
            _item(_("Dashboard"), "monitoring", "index"),
            _item(_("Exceptions"), "crisis_alert", "exceptions_app_case_changelist", "exceptions_app.view_case"),
            _item(_("Holds"), "front_hand", "orders_hold_changelist", "orders.view_hold"),
            _item(_("Approvals"), "approval", "accounts_approval_changelist", "accounts.view_approval"),
        ],
    },
    {
        "title": _("Orders"),
        "separator": True,
        "items": [
            _item(_("Orders"), "list_alt", "orders_order_changelist", "orders.view_order"),
            _item(_("Quotes"), "request_quote", "orders_quote_changelist", "orders.view_quote"),
            _item(
                _("Shipments"),
                "local_shipping",
                "fulfillment_shipment_changelist",
                "fulfillment.view_shipment",
            ),
            _item(_("Returns"), "undo", "fulfillment_return_changelist", "fulfillment.view_return"),
            _item(_("Invoices"), "receipt_long", "billing_invoice_changelist", "billing.view_invoice"),
        ],
    },
    {
        "title": _("Allocation and inventory"),
        "separator": True,
        "items": [
            _item(_("Allocation"), "account_tree", "inventory_demand_changelist", "inventory.view_demand"),
            _item(_("Stock"), "inventory_2", "inventory_stockbalance_changelist", "inventory.view_stockbalance"),
            _item(_("Inbound"), "input", "inventory_inboundsupply_changelist", "inventory.view_inboundsupply"),
            _item(_("Products"), "category", "catalog_product_changelist", "catalog.view_product"),
        ],
    },
    {
        "title": _("Pricing and credit"),
        "separator": True,
        "items": [
            _item(_("Price lists"), "sell", "pricing_pricelist_changelist", "pricing.view_pricelist"),
            _item(_("Contracts"), "contract", "pricing_contract_changelist", "pricing.view_contract"),
            _item(
                _("Credit"),
                "account_balance",
                "credit_creditaccount_changelist",
                "credit.view_creditaccount",
            ),
        ],
    },
    {
        "title": _("Customers"),
        "separator": True,
        "items": [
            _item(_("Accounts"), "domain", "accounts_account_changelist", "accounts.view_account"),
            _item(_("People"), "group", "accounts_user_changelist", "accounts.view_user"),
        ],
    },
    {
        "title": _("Audit and reports"),
        "separator": True,
        "items": [
            _item(_("Overrides"), "policy", "core_override_changelist", "core.view_override"),
            _item(_("Journal"), "history", "core_journalentry_changelist", "core.view_journalentry"),
            _item(_("Jobs"), "schedule", "core_job_changelist", "core.view_job"),
            _item(
                _("Integrations"),
                "sync_alt",
                "integrations_delivery_changelist",
                "integrations.view_delivery",
            ),
        ],
    },
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
    "SITE_URL": "/",
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
    "COMMAND": {"search_models": True, "show_history": False},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": NAVIGATION,
    },
}
