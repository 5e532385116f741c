"""Stock that is kept for some, and the most some may take: for staff and machines, and for reps as far as their customers
are concerned."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import visible_accounts
from accounts.states import STAFF, Role
from api.customers import customer_of
from api.endpoint import Endpoint
from api.fields import QuantitySerializer, quantity
from api.paging import read_cursor, read_limit, write_cursor
from api.problem import BadParameter
from catalog.queries import product_snapshots, products_by_sku
from catalog.rules.asks import ProductSnapshot
from core import clock
from core.access import allow
from core.clock import local_date
from core.quantity import plain
from inventory.filters import PoolFilter, PoolLine, find_pools
from inventory.pool_effects import PoolEffect, effects, products_under
from inventory.states import PoolKind, PoolState

Effects = Mapping[tuple[int, int], PoolEffect]
NAMED = ("code", "name", "kind", "state", "part_of", "who", "account", "group", "tier", "region", "sku", "category")
PLACED = ("site", "site_region", "amount_kind")


class EffectView(serializers.Serializer[Any]):
    sku = serializers.CharField()
    amount = QuantitySerializer(help_text="What the pool comes to today.")
    used = QuantitySerializer(help_text="Held by its members, or shipped to them since it began.")
    now = QuantitySerializer(help_text="A protection: still kept for them. A quota: still theirs to take.")


class PoolView(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="protection (kept for them) or quota (the most they may take).")
    state = serializers.CharField(help_text="active, neutral (counted, not enforced) or inactive.")
    part_of = serializers.CharField(help_text="Code of the pool it is a part of; empty: none.")
    who = serializers.CharField(help_text="account, group, tier, region, below (those of its parts) or everybody.")
    account = serializers.CharField()
    group = serializers.CharField()
    tier = serializers.CharField()
    region = serializers.CharField(help_text="Of the customers.")
    sku = serializers.CharField(help_text="Empty: a category's products, or those of the pool above.")
    category = serializers.CharField()
    site = serializers.CharField(help_text="Empty: everywhere, or in `site_region`.")
    site_region = serializers.CharField()
    amount_kind = serializers.CharField(help_text="number, percent of the supply, or ratio among its neighbours.")
    amount = serializers.CharField(help_text="A decimal number of base units, percent or weight.")
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True, help_text="The first day it no longer holds.")
    effect = EffectView(
        allow_null=True, help_text="Of the SKU asked for, or the only one it is over; null: not in force."
    )


class PoolList(serializers.Serializer[Any]):
    items = PoolView(many=True)
    next = serializers.CharField(allow_null=True, help_text="Send it back as `cursor`.")


class Pools(Endpoint):
    """The newest first. A rep sees those that name one of the rep's customers, and what these are parts of."""

    access = allow(view={*STAFF, Role.SERVICE, Role.REP})
    known_parameters = ("kind", "state", "sku", "account", "limit", "cursor")

    @extend_schema(
        operation_id="pools",
        parameters=[
            OpenApiParameter("kind", str, enum=[str(k) for k in PoolKind]),
            OpenApiParameter("state", str, enum=[str(s) for s in PoolState]),
            OpenApiParameter("sku", str, description="In force over this product today."),
            OpenApiParameter("account", str, description="That name this customer, by code or id."),
            OpenApiParameter("limit", int, description="1 to 200."),
            OpenApiParameter("cursor", str),
        ],
        responses=PoolList,
        tags=["stock"],
    )
    def get(self, request: Request) -> Response:
        now, given = clock.now(), request.query_params
        limit = read_limit(given)
        product_id = _product(given.get("sku", "").strip())
        known = effects([product_id], now=now) if product_id else {}
        wanted = PoolFilter(
            on=local_date(now, "UTC"),
            kind=_one_of("kind", given.get("kind", ""), PoolKind),
            state=_one_of("state", given.get("state", ""), PoolState),
            pool_ids=[pool_id for pool_id, _ in known] if product_id else None,
            account_ids=_accounts(request, given.get("account", "").strip()),
            before_id=read_cursor(given),
        )
        found = find_pools(wanted, limit=limit + 1)
        following = write_cursor(found[limit - 1].id) if len(found) > limit else None
        shown = found[:limit]
        single = dict.fromkeys((p.id for p in shown), product_id) if product_id else _single_products(shown)
        known = known or effects(sorted({i for i in single.values() if i}), now=now)
        products = product_snapshots({i for i in single.values() if i})
        return Response({"items": [_view(p, single.get(p.id), known, products) for p in shown], "next": following})


def _accounts(request: Request, named: str) -> list[int] | None:
    """Whom the pools must concern: the customer named, else all the caller may see (None: everybody)."""
    if named:
        return [customer_of(request, named).id]
    user: Any = request.user
    seen = visible_accounts(user)
    return None if seen.all or Role.SERVICE in user.roles else sorted(seen.ids)


def _one_of(name: str, given: str, known: Any) -> str:
    if given and given not in set(known):
        raise BadParameter(name=name, given=given[:40], expected=f"Send one of {', '.join(known)}.")
    return given


def _product(sku: str) -> int | None:
    if not sku:
        return None
    found = products_by_sku([sku])
    if not found:
        raise BadParameter(name="sku", given=sku[:80], expected="Send the SKU of a product that exists.")
    return next(iter(found.values()))


def _single_products(shown: list[PoolLine]) -> dict[int, int | None]:
    over = products_under([p.id for p in shown], most=1) if shown else {}
    return {pool_id: products[0] for pool_id, (products, count) in over.items() if count == 1}


def _view(
    p: PoolLine, product_id: int | None, known: Effects, products: Mapping[int, ProductSnapshot]
) -> dict[str, Any]:
    effect = known.get((p.id, product_id)) if product_id else None
    return {
        **{name: getattr(p, name) for name in (*NAMED, *PLACED)},
        "amount": plain(p.amount),
        "valid_from": p.valid_from.isoformat(),
        "valid_to": p.valid_to.isoformat() if p.valid_to else None,
        "effect": _effect(effect, products[product_id]) if effect and product_id else None,
    }


def _effect(effect: PoolEffect, product: ProductSnapshot) -> dict[str, Any]:
    numbers = {name: quantity(getattr(effect, name), product.base_unit) for name in ("amount", "used", "now")}
    return {"sku": product.sku, **numbers}
