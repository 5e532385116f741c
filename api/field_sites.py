"""Whose trunks and consignments somebody sees over the API: a rep their own trunks and those consigned at their
customers; customer service and the stock rooms all of them. Another's does not exist for them."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request

from accounts.access import visible_accounts
from accounts.states import STAFF, Role
from api.fields import quantity
from catalog.queries import product_snapshots, products_by_sku
from catalog.rules.asks import ProductSnapshot
from core.access import allow
from core.errors import FieldError, InvalidInput, NotFound
from inventory.field_queries import FieldSite, field_sites
from inventory.states import SiteKind

KEEPERS = frozenset({Role.REP, Role.CS, Role.CS_LEAD})
STOCK_ROOMS = frozenset({Role.WAREHOUSE, Role.PLANNER})
CAN_SEE_FIELD = allow(view={*STAFF, Role.REP})
CAN_USE = allow(view={*STAFF, Role.REP}, act=KEEPERS)
CAN_MOVE = allow(view={*STAFF, Role.REP}, act=KEEPERS | STOCK_ROOMS)
LONGEST_NUMBER = 20


def sites_of(request: Request) -> dict[int, FieldSite]:
    """The open field sites the caller sees, by id, in the order of their codes."""
    user: Any = request.user
    if not STAFF.isdisjoint(user.roles) or user.is_superuser:
        return {s.id: s for s in field_sites()}
    seen = visible_accounts(user)
    return {s.id: s for s in field_sites(user_id=user.pk, account_ids=seen.ids)}


def site_called(request: Request, code: str) -> FieldSite:
    """Raises NotFound, also for another rep's."""
    wanted = code.strip().upper()
    for site in sites_of(request).values():
        if site.code.upper() == wanted:
            return site
    raise NotFound(kind="trunk or consignment", ident=code[:40])


def number_of(text: str) -> str:
    """A document's number as the database may be asked for it; empty for what can be none."""
    return text if text.isprintable() and text.isascii() and len(text) <= LONGEST_NUMBER else ""


def is_staff(request: Request) -> bool:
    return not STAFF.isdisjoint(request.user.roles)  # type: ignore[union-attr]


def kind_words(site: FieldSite) -> str:
    return "trunk" if site.kind == SiteKind.TRUNK else "consignment"


def products_called(skus: list[str], pointer: str) -> dict[str, int]:
    known = products_by_sku(skus) if skus else {}
    missing = [s for s in skus if s.strip().upper() not in known]
    if missing:
        words = f"No product has the SKU {missing[0]}."
        raise InvalidInput([FieldError(pointer, "unknown_product", words, "Send the SKU of a product that exists.")])
    return dict(known)


class Goods:
    """Products of an answer, read once: their SKU, name and quantities in their own base unit."""

    def __init__(self, product_ids: set[int]) -> None:
        self.products: Mapping[int, ProductSnapshot] = product_snapshots(product_ids) if product_ids else {}

    def head(self, product_id: int) -> dict[str, Any]:
        product = self.products[product_id]
        return {"sku": product.sku, "name": product.name}

    def qty(self, product_id: int, value: Any) -> dict[str, str]:
        return quantity(value, self.products[product_id].base_unit)
