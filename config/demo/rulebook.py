"""What this company decided about cases and prices as data, from now on: how fast, by whom, and a charge on small orders."""

from decimal import Decimal

from django.apps import apps

from config.demo.world import World


def make(world: World) -> None:
    """Last of all, so that what happened before runs on the clocks it was opened with."""
    world.keep("exceptions_app.SlaPolicy", tier_id=world.tiers["PLATINUM"], respond_minutes=60, resolve_minutes=240)
    world.keep(
        "exceptions_app.SlaPolicy",
        kind="invoice_dispute",
        min_amount=Decimal(10_000),
        currency="USD",
        respond_minutes=120,
        resolve_minutes=960,
        severity="high",
    )
    world.keep("exceptions_app.RoutingRule", kind="promise_lost", spreads=True)
    world.keep(
        "pricing.PriceAdjustment",
        code="PALLET",
        name="Whole pallets of gloves",
        kind="promotion",
        method="percent",
        value=Decimal(2),
        category_id=apps.get_model("catalog.Category").objects.get(code="GLOVE").pk,
        min_qty=Decimal(2000),
        valid_from=world.today,
    )
