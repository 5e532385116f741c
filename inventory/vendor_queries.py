"""What vendors are asked for at what cost, and what a customer may have from them: constant numbers of statements."""

from collections.abc import Collection
from datetime import datetime

from core import sql
from core.clock import local_date
from inventory.models import VendorOffer
from inventory.network_queries import reading_site_times
from inventory.rules.network import ANYWHERE, Destination
from inventory.rules.promise import dates_for, earliest_ship_date
from inventory.rules.sourcing_rules import Scope, most_specific
from inventory.rules.vendor import VendorLead, VendorTerms
from inventory.sourcing_queries import reading_rules, reading_shelves

_OFFERED = """
    SELECT o.product_id, o.site_id, s.code,
           b.on_hand_qty - b.reserved_qty - b.allocated_qty - b.released_qty - b.picked_qty
    FROM inventory_vendoroffer o JOIN inventory_site s ON s.id = o.site_id
    JOIN inventory_stockbalance b ON b.id = o.balance_id
    WHERE o.product_id = ANY(%(products)s::bigint[]) AND o.is_active AND o.out_since IS NULL AND s.is_active
      AND b.on_hand_qty > b.reserved_qty + b.allocated_qty + b.released_qty + b.picked_qty"""


def offer_names(offer_ids: Collection[int]) -> dict[int, str]:
    """{offer: "INS-150 of NORTHFIELD"}. One statement."""
    rows = VendorOffer.objects.filter(pk__in=list(offer_ids)).values_list("pk", "product__sku", "site__code")
    return {pk: f"{sku} of {vendor}" for pk, sku, vendor in rows}


def terms_of(balance_ids: Collection[int]) -> dict[int, VendorTerms]:
    """{balance: what its vendor is paid} of those that are a vendor's offer; all others are absent. One statement."""
    rows = VendorOffer.objects.filter(balance__in=list(balance_ids)).values_list(
        "balance_id", "site_id", "product_id", "unit_cost", "currency", "vendor_sku"
    )
    return {
        balance_id: VendorTerms(site_id, product_id, cost, currency, sku)
        for balance_id, site_id, product_id, cost, currency, sku in rows
        if balance_id is not None
    }


def vendor_leads(
    product_ids: Collection[int], *, account_id: int | None, place: Destination = ANYWHERE, now: datetime
) -> dict[int, VendorLead]:
    """{product: what a vendor would ship, and how soon} where the sourcing rule that decides names the vendor; the fastest
    of them. One statement where no vendor offers any of the products, else a second round trip."""
    parameters = {"products": list(product_ids)}
    offered = sql.rows(_OFFERED, parameters)
    if not offered:
        return {}
    accounts = [] if account_id is None else [account_id]
    products = sorted({product_id for product_id, *_ in offered})
    rules, shelves, network = sql.answers(
        reading_rules(products, accounts), reading_shelves(products), reading_site_times()
    )
    times, today = network.times_to(place), local_date(now, "UTC")
    found: dict[int, VendorLead] = {}
    for product_id, site_id, code, qty in offered:
        rule = most_specific(rules, Scope(account_id, product_id, tuple(shelves.get(product_id, ())), place.region))
        if rule is None or code not in rule.sites:
            continue
        site = times[site_id]
        arrival = dates_for(site, earliest=earliest_ship_date(site, now=now), requested=today)[1]
        lead = VendorLead(site_id, qty, max(0, (arrival - today).days))
        if product_id not in found or lead.days < found[product_id].days:
            found[product_id] = lead
    return found
