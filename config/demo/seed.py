"""Makes the demo, step by step, and marks the installation. What it refuses, it refuses before it writes anything."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.db import connection

from config.demo import (
    bulk,
    company,
    contracts,
    dock,
    money,
    orders,
    overridden,
    people,
    products,
    quarrels,
    returns,
    rulebook,
    signins,
    stock,
    story,
)
from config.demo.clockwork import run_owed_jobs
from config.demo.pools import keep_for_some
from config.demo.progress import Progress, Stage
from config.demo.scale import Scale
from config.demo.world import World
from core import codec, demo, overrides
from core.errors import Refused
from core.uow import unit_of_work
from exceptions_app.services.sweep import sweep

# Anything in one of these is somebody's work.
DATA = ("accounts_user", "accounts_account", "catalog_product", "inventory_site", "orders_order", "pricing_pricesource")


class DatabaseInUse(Refused):
    template = "This database holds other data ({what}): a demo would mix with it."
    remedy_template = (
        "Use an empty one: OMS_DATA_DIR=another-folder ./run, or delete this one's data with `./run reset`."
    )


class SomebodyConnected(Refused):
    template = "{count} other connection(s) use this database: a running site would work on the demo while it is made."
    remedy_template = "Stop the site (Ctrl+C where `./run` runs) and give the command again."


class DemoInterrupted(Refused):
    template = "A demo ({scale}, seed {seed}) was begun here and not finished."
    remedy_template = (
        "Delete it with `./run reset` and start again; `OMS_DEMO=0 ./run` starts with the part that is there."
    )


class OtherDemo(Refused):
    template = "This database holds another demo already: {scale}, seed {seed}."
    remedy_template = "Use another folder (OMS_DATA_DIR=…), or delete this one's data with `./run reset`."


class PublicSite(Refused):
    template = "The demo's sign-ins are for a site that only this machine can reach; this one is public."
    remedy_template = "Make the demo on a local site: `./run` without OMS_PUBLIC_URL."


def require_room(scale: Scale, seed: int) -> demo.Demo | None:
    """The demo to go on with, or None for an empty database. Raises what stands in the way."""
    if not signins.is_local():
        raise PublicSite
    there = demo.installation()
    if there is None:
        if what := other_data():
            raise DatabaseInUse(what=", ".join(what))
    elif there.is_finished:
        raise OtherDemo(scale=there.scale, seed=there.seed)
    elif (there.scale, there.seed) != (scale.name, seed) or not _can_go_on(there, scale):
        raise DemoInterrupted(scale=there.scale, seed=there.seed)
    if count := _other_connections():
        raise SomebodyConnected(count=count)
    return there


def _can_go_on(there: demo.Demo, scale: Scale) -> bool:
    """Only the history is laid batch by batch; what goes through the services has to be made in one run."""
    return bool(scale.is_large and there.company) and not _has_live_orders()


def _has_live_orders() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM core_outboxfact WHERE kind = 'orders.OrderSubmitted')")
        return bool(cursor.fetchone()[0])


def other_data() -> list[str]:
    """Which tables hold rows."""
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in DATA)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [name.split("_", 1)[1].replace("_", " ") for (name,) in cursor.fetchall()]


def _other_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def make(scale: Scale, seed: int, *, now: datetime, progress: Progress) -> World:
    """Everything, or what an interrupted large demo still lacks."""
    there = require_room(scale, seed)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # a crash loses the demo, not somebody's order
    if there is None:
        world = World(scale, seed, now)
        with unit_of_work("demo: begin"):
            demo.begin(scale=scale.name, seed=seed, as_of=now, now=now)
        _company(world, progress)
        with unit_of_work("demo: company"):
            demo.note_company(codec.dump(world))
    else:
        world = replace(codec.load(World, there.company), scale=scale)
    if scale.history_orders > 0:
        with progress.stage("history", scale.history_orders, "orders") as stage:
            bulk.lay(world, stage, done=there.history_orders if there else 0)
    with progress.stage("orders, day by day", scale.orders, "orders") as stage:
        orders.make(world, stage)
    with progress.stage("today's story"):
        story.make(world)
        dock.make(world)
        returns.make(world)
        keep_for_some(world)
        run_owed_jobs(world.now)
        money.make(world)
        run_owed_jobs(world.now)
        quarrels.make(world)
        overridden.review_some(world, world.now)
        overrides.seal_pending(now=world.now)
        sweep(now=world.now)
        run_owed_jobs(world.now)  # what the clocks told
        rulebook.make(world)
    with unit_of_work("demo: finish"):
        demo.finish(now=now)
    return world


def _company(world: World, progress: Progress) -> None:
    steps: tuple[tuple[str, int, Callable[[World, Stage], object]], ...] = (
        ("sites and customers", world.scale.accounts, company.make),
        ("products and licences", 1, lambda world, _: products.make(world)),
        ("people", 1, lambda world, _: people.make(world)),
        ("carriers and labels", 1, lambda world, _: dock.rules(world)),
        ("opening stock", world.scale.products, stock.make),
        ("prices and credit", world.scale.products, contracts.make),
        ("first reactions", 1, lambda world, _: run_owed_jobs(world.opening)),
    )
    for name, total, step in steps:
        with progress.stage(name, total) as stage:
            step(world, stage)
