"""Pools, safety stock and caps, made as briefly as a test allows."""

from decimal import Decimal
from itertools import count
from typing import Any

from core import writers
from inventory.models import OrderCap, Pool, SafetyStock
from inventory.states import PoolKind, PoolWho
from tests.factories.accounts import AccountFactory, GroupFactory, MembershipFactory
from tests.factories.inventory import TODAY

_numbers = count(1)
_WHO = {"account": PoolWho.ACCOUNT, "group": PoolWho.GROUP, "tier": PoolWho.TIER, "region": PoolWho.REGION}


def member_of(group: Any, **fields: Any) -> Any:
    """An account in the group since long ago."""
    account = AccountFactory(**fields)
    MembershipFactory(account=account, group=group)
    return account


def north() -> tuple[Any, Any, Any]:
    """(GPO North, a member, a stranger)."""
    group = GroupFactory(name="GPO North")
    return group, member_of(group), AccountFactory()


def _who(fields: dict[str, Any], otherwise: PoolWho) -> PoolWho:
    return next((who for name, who in _WHO.items() if fields.get(name)), otherwise)


def pool(kind: PoolKind, amount: int | Decimal, **fields: Any) -> Pool:
    """For the account, group, tier or region named, else for whom the pools below it are for."""
    n = next(_numbers)
    fields = {
        "who": _who(fields, PoolWho.BELOW),
        "code": f"POOL{n}",
        "name": f"Pool {n}",
        "valid_from": TODAY,
        **fields,
    }
    with writers.by_hand("pools"):
        return Pool.objects.create(kind=kind, amount=Decimal(amount), **fields)


def protect(amount: int | Decimal, **fields: Any) -> Pool:
    return pool(PoolKind.PROTECTION, amount, **fields)


def limit(amount: int | Decimal, **fields: Any) -> Pool:
    return pool(PoolKind.QUOTA, amount, **fields)


def cap(max_qty: int, **fields: Any) -> OrderCap:
    fields = {"who": _who(fields, PoolWho.EVERYBODY), "valid_from": TODAY, **fields}
    return OrderCap.objects.create(max_qty=Decimal(max_qty), **fields)


def safety(product: Any, site: Any, qty: int, **fields: Any) -> SafetyStock:
    return SafetyStock.objects.create(product=product, site=site, qty=Decimal(qty), **fields)
