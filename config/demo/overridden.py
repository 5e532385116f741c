"""Rules set aside: prices given in the live days, limits, settings, terms and authorizations today; who did it, why, what
it cost, and what finance said of it afterwards. What was done about scarce goods is in `scarce`."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.apps import apps

from config.demo.cast import one_of, order, the
from config.demo.clockwork import run_owed_jobs
from config.demo.world import World
from core import overrides
from core.overrides import Reason
from credit.services.change_settings import Settings, change_settings
from credit.services.grant_addition import AdditionSpec
from credit.states import AdditionKind
from orders.rules.asks import Submitted
from orders.services.allow_product import allow_product
from orders.services.capture import capture
from orders.services.change_terms import change_terms
from orders.services.lend_limit import lend_limit
from orders.services.name_terms import name_terms
from orders.services.override_price import override_price
from orders.services.place import place
from orders.services.submit import submit
from orders.states import Channel

BARGAINS = 0.09  # of all orders
CENT = Decimal("0.01")
# who gives it, reason, words, percent off
GIVEN = (
    ("pricing", "price_agreed", "Agreed by telephone with the purchasing manager, for this order", 6),
    ("pricing", "customer_request", "Matches what a competitor offered, the offer is in the mail", 9),
    ("cs-lead", "our_mistake", "We had sent last month's price list to the customer", 4),
    ("cs-lead", "customer_request", "Second delay in a month, the customer asked for something back", 3),
    ("finance-approver", "price_agreed", "Part of the settlement of the spring dispute", 12),
)
VERDICTS = (
    ("ok", "The mail is in the file."),
    ("follow_up", "Third time for this customer: talk to the account's rep."),
    ("ok", "Small sum, and it was our mistake."),
    ("train", "The reason has to say who agreed to it."),
)


def bargain(world: World, placed: Submitted, now: datetime) -> None:
    """Now and then somebody gives a better price than the list's before the goods leave."""
    dice = world.dice(f"bargain {now:%y%m%d %H%M}")  # of its own: the orders stay those they were
    if dice.random() < BARGAINS:
        _give(world, placed, now, *dice.choice(GIVEN))


def _give(world: World, placed: Submitted, now: datetime, who: str, code: str, note: str, percent: int) -> None:
    line = placed.lines[0]
    price = (line.unit_price * (100 - percent) / 100).quantize(CENT)
    if price < line.unit_price:
        override_price(
            order_id=placed.order_id, prices={line.line_no: price}, reason=Reason(code, note), actor=world.people[who],
            now=now,
        )  # fmt: skip


def make(world: World) -> None:
    """Before the day's short goods; `review_some` comes at the end of the day."""
    now = world.now - timedelta(minutes=96)
    _price(world, now - timedelta(minutes=4))
    _credit(world, now)
    _terms(world, now + timedelta(minutes=5))
    _eligibility(world, now + timedelta(minutes=10))


def review_some(world: World, now: datetime) -> None:
    """Finance reads what was set aside, not all of it: today's credit decision waits for a review."""
    entries = apps.get_model("core.OverrideEntry").objects
    rows = entries.exclude(kind="hold_release").filter(reviews=None).order_by("pk")
    rows = rows.exclude(actor_id=world.people["finance"].user_id)
    for n, entry_id in enumerate(rows.values_list("pk", flat=True)):
        if n % 3 == 2:
            continue
        verdict, note = VERDICTS[n % len(VERDICTS)]
        overrides.review(entry_id=entry_id, verdict=verdict, note=note, actor=world.people["finance"], now=now)


def _price(world: World, now: datetime) -> None:
    """This morning's better price, by the price desk."""
    glove = one_of(world, "GLN", "GLS")
    draft = order(world, the(world, "clinic"), [(glove, 3 * glove.case)], po="CL-2214")
    placed = place(draft, actor=world.people["cs"], now=now)
    _give(world, placed, now + timedelta(minutes=1), *GIVEN[0])
    run_owed_jobs(now + timedelta(minutes=2))


def _credit(world: World, now: datetime) -> None:
    """More for a season, cover of an insurer, and a customer that is let be a week late."""
    approver, lab, clinic, vet = (
        world.people["finance-approver"],
        the(world, "lab"),
        the(world, "clinic"),
        the(world, "vet"),
    )
    season = AdditionSpec(
        AdditionKind.TEMPORARY, Decimal(15_000), world.today, world.today + timedelta(days=90), "FLU-SEASON"
    )
    cover = AdditionSpec(AdditionKind.INSURED, Decimal(40_000), world.today - timedelta(days=200), None, "CI-88127")
    for customer, addition, told in (
        (lab, season, "Flu season: twice the tests until spring, as in both years before"),
        (clinic, cover, "Cover of the insurer, policy CI-88127"),
    ):
        reason = Reason("new_information", told)
        lend_limit(account_id=customer.id, addition=addition, reason=reason, actor=approver, now=now)
    kept = apps.get_model("credit.CreditAccount").objects.select_related("terms").get(account_id=vet.id)
    settings = Settings(
        kept.terms.code, kept.horizon_days, kept.check_points, risk_group=kept.risk_group, overdue_days_allowed=7,
        order_value_max=Decimal(12_000),
    )  # fmt: skip
    why = Reason("payment_behaviour", "Pays by the run of the county, every second Friday")
    change_settings(account_id=vet.id, settings=settings, reason=why, actor=world.people["finance"], now=now)
    run_owed_jobs(now + timedelta(minutes=1))


def _terms(world: World, now: datetime) -> None:
    """An order on other terms than its account's, and one whose words for them nobody knew."""
    glove = one_of(world, "GLN", "GLS")
    finance = world.people["finance-approver"]
    other = place(
        order(world, the(world, "clinic"), [(glove, 2 * glove.case)], po="CL-2219"), actor=world.people["cs"], now=now
    )
    why = Reason("customer_request", "New in the county: 45 days for the first order, as agreed with their controller")
    change_terms(order_id=other.order_id, terms_code="NET45", reason=why, actor=finance, now=now + timedelta(minutes=1))
    draft = order(
        world, the(world, "system"), [(glove, 2 * glove.case)], po="RH-70461", terms="NETTO 30", channel=Channel.EDI
    )
    said = place(draft, actor=world.people["cs"], now=now + timedelta(minutes=2))
    why = Reason("new_information", "Their purchasing writes it so: thirty days from the invoice")
    name_terms(order_id=said.order_id, terms_code="NET30", reason=why, actor=finance, now=now + timedelta(minutes=3))
    run_owed_jobs(now + timedelta(minutes=4))


def _eligibility(world: World, now: datetime) -> None:
    """Implants are for hospitals and surgeons; a care home gets screws for a visiting surgeon, by pricing's word."""
    care, screw = the(world, "care"), one_of(world, "SCR")
    category = apps.get_model("catalog.Category").objects.get(code="IMPL")
    world.keep(
        "catalog.AuthorizationRule", name=f"No implants for {care.name}"[:120], effect="deny", account_id=care.id,
        category_id=category.pk,
    )  # fmt: skip
    kept = capture(order(world, care, [(screw, 6)], po="CH-1411"), actor=world.people["cs"], now=now)
    why = Reason("customer_request", "Used by the visiting surgeon of the county hospital, order confirmed by him")
    allow_product(
        order_id=kept.order_id, line_no=1, reason=why, actor=world.people["pricing"], now=now + timedelta(minutes=1)
    )
    submit(order_id=kept.order_id, actor=world.people["cs"], now=now + timedelta(minutes=2))
    run_owed_jobs(now + timedelta(minutes=3))
