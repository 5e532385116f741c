"""What comes onto a price or turns it into another: tax, freight, exchange rates, a tier of a group's contract, and the
words customers write for payment terms. Ends with an order in Canadian dollars, billed in them."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.apps import apps

from config.demo.clockwork import run_owed_jobs
from config.demo.world import Item, World
from fulfillment.services.confirm_pick import confirm_pick
from fulfillment.services.confirm_shipment import confirm_shipment
from fulfillment.services.release_orders import release_orders
from orders.rules.asks import LineDraft, OrderDraft
from orders.services.place import place
from orders.states import Channel

TAXES = (("NV", "8.265"), ("AZ", "8.7"), ("OK", "8.517"), ("AL", "10"), ("OH", "7.5"))
FREIGHT = (("", "2.5", 2_500), ("ME", "4", 5_000))
WEEKS = 5  # of exchange rates
RATES = {
    "CAD": ("0.7192", "0.7208", "0.7175", "0.7231", "0.7226"),
    "EUR": ("1.0714", "1.0786", "1.0802", "1.0755", "1.0791"),
}
WORDS = (("30 DAYS NET", "NET30"), ("2/10, N/30", "2/10N30"), ("CASH IN ADVANCE", "PREPAY"))
TIER, TIER_PERCENT = "TIER-2", 17


def make(world: World) -> None:
    """In force since the first order; the older history was billed without either."""
    for region, percent in TAXES:
        world.keep("pricing.TaxRate", region=region, percent=Decimal(percent), valid_from=world.live_from)
    for region, percent, free_from in FREIGHT:
        world.keep(
            "pricing.FreightRate", region=region, percent=Decimal(percent), free_from_amount=Decimal(free_from),
            valid_from=world.live_from,
        )  # fmt: skip
    for base, rates in RATES.items():
        for week, rate in enumerate(rates):
            day = world.today - timedelta(days=7 * (WEEKS - 1 - week))
            world.keep("core.ExchangeRate", base=base, quote="USD", rate=Decimal(rate), valid_from=day)
    for words, code in WORDS:
        terms = apps.get_model("credit.PaymentTerms").objects.get(code=code)
        world.keep("credit.TermsWords", words=words, terms_id=terms.pk)


def activate_tier(world: World, source_id: int, items: list[Item]) -> None:
    """Members of the group that buy much were put on the contract's second tier: the first two of them have it."""
    since = world.start - timedelta(days=30)
    for item in items:
        price = (item.price * (100 - TIER_PERCENT) / 100).quantize(Decimal("0.01"))
        world.keep(
            "pricing.PriceRow", source_id=source_id, product_id=item.id, unit_price=price, tier=TIER, valid_from=since
        )
    members = [c for c in world.customers if c.kind in ("hospital", "system")][:2]
    for n, customer in enumerate(members):
        ends = world.today + timedelta(days=120) if n else None
        world.keep(
            "pricing.TierActivation",
            source_id=source_id,
            account_id=customer.id,
            tier=TIER,
            valid_from=since,
            valid_to=ends,
        )


def sell_in_another_currency(world: World, item: Item, now: datetime) -> None:
    """The customer nearest to the border pays for its branch across it in Canadian dollars: shipped and billed so."""
    customer = next((c for c in world.customers if c.state == "ME"), world.customers[-1])
    lines = (LineDraft(1, Decimal(2 * item.case), product_id=item.id),)
    draft = OrderDraft(
        customer.id, Channel.CONSOLE, "CAD", lines, po_number="CA-2041", ship_to_id=customer.ship_to_ids[0],
        requested_date=world.today + timedelta(days=3), note="For the branch in New Brunswick, billed in its currency.",
    )  # fmt: skip
    placed = place(draft, actor=world.people["cs"], now=now)
    run_owed_jobs(now + timedelta(minutes=1))
    dock = world.people["warehouse"]
    (outcome,) = release_orders(order_ids=[placed.order_id], actor=dock, now=now + timedelta(minutes=5))
    for shipment_id in outcome.shipment_ids:
        confirm_pick(shipment_id=shipment_id, picks={}, actor=dock, now=now + timedelta(minutes=20))
        confirm_shipment(
            shipment_id=shipment_id, carrier="UPS Ground", tracking_number="1Z4410027748", actor=dock,
            now=now + timedelta(minutes=40),
        )  # fmt: skip
    run_owed_jobs(now + timedelta(minutes=41))
