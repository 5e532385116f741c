"""Who has a part of the stock for themselves, and how much anybody may take: a pool of a buying group with a hospital's
part in it, a counted quota, safety stock, and the most one order takes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps

from config.demo.stock import home_of, stocked
from config.demo.world import SEEDER, World
from inventory.services.save_cap import save_cap
from inventory.services.save_pool import save_pool
from inventory.states import AmountKind, PoolKind, PoolState, PoolWho


def keep_for_some(world: World) -> None:
    first, second, third = stocked(world)[:3]
    hospital = next(c for c in world.customers if c.kind == "hospital")
    ends = world.today + timedelta(days=60)
    norvale = _pool(
        world, "NORVALE-1", "Norvale Purchasing Alliance", PoolKind.PROTECTION, 120, who=PoolWho.GROUP,
        group_id=world.groups["NORVALE"], product_id=first.id, valid_to=ends,
    )  # fmt: skip
    _pool(
        world, "NORVALE-1A", hospital.name, PoolKind.PROTECTION, 40, who=PoolWho.ACCOUNT, account_id=hospital.id,
        parent_id=norvale, amount_kind=AmountKind.PERCENT,
    )  # fmt: skip
    _pool(
        world, "CLINIWAY-2", "Cliniway, counted", PoolKind.QUOTA, 500, who=PoolWho.GROUP,
        group_id=world.groups["CLINIWAY"], product_id=second.id, state=PoolState.NEUTRAL,
    )  # fmt: skip
    site = world.sites[home_of(2)]
    world.keep("inventory.SafetyStock", product_id=third.id, site_id=site, qty=Decimal(24), tier_id=_best(world))
    cap: Any = apps.get_model("inventory.OrderCap")
    row = cap(who=PoolWho.EVERYBODY, product_id=third.id, max_qty=Decimal(400), valid_from=world.today)
    save_cap(row=row, actor=SEEDER, now=world.now)


def _best(world: World) -> int:
    tiers: Any = apps.get_model("accounts.ServiceTier")
    return int(tiers.objects.order_by("rank").values_list("pk", flat=True)[0])


def _pool(world: World, code: str, name: str, kind: PoolKind, amount: int, **values: Any) -> int:
    pool: Any = apps.get_model("inventory.Pool")
    row = pool(code=code, name=name, kind=kind, amount=Decimal(amount), valid_from=world.today, **values)
    return save_pool(row=row, actor=SEEDER, now=world.now)
