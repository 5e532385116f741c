"""What each action of the trade says it would do, word for word, before anybody applies it (domain.md §11)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Product
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.rules.ranking import NEVER, Effect
from exceptions_app.services.detect import detect_all
from inventory.models import Site
from inventory.services.record_inbound import record_inbound
from orders.rules.asks import LineDraft
from orders.services.place import place
from tests.exceptions_app.test_kinds_of_the_trade import ACTIONS
from tests.factories.catalog import SubstitutionFactory
from tests.factories.inventory import stock
from tests.factories.orders import CLERK, NOW, TODAY, allocated, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = NOW + 8 * DAY  # 10 March


def effects(case: Case, now) -> dict[str, Effect]:
    """By the action's name: of a family (each substitute, each site) the best."""
    found: dict[str, Effect] = {}
    for offer in suggested(case_snapshots([case.pk])[case.pk], now=now):
        found.setdefault(offer.code.partition(":")[0], offer.effect)
    return found


def old_backorder() -> tuple[dict[str, Effect], dict[str, str]]:
    """10 were wanted on 2 March, 4 are there; another order has 6 for the 30th, Elgin 5, a substitute is dearer to us, and
    25 come on the 22nd."""
    world = make_world(products=2, stock=None, substitution_allowed=True)
    a, b = world.products
    Product.objects.filter(pk=b.pk).update(standard_cost=Decimal("7.25"))
    stock(a, world.site, 10)
    stock(b, world.site, 20)
    SubstitutionFactory(product=a, substitute=b, ratio=1, valid_from=None, valid_to=None, needs_consent=False)
    giver = allocated(world, 6, requested_date=TODAY + 28 * DAY)
    order = place(world.draft(10, requested_date=TODAY), actor=CLERK, now=NOW)
    drain(NOW)
    elgin = Site.objects.create(code="ELGIN", name="Elgin DC", rank=200)
    stock(a, elgin, 5)
    what = {"product_id": a.pk, "site_id": world.site.pk, "reference": "PO-9", "qty": Decimal(25)}
    record_inbound(**what, eta_date=TODAY + 20 * DAY, actor=CLERK, now=LATER)
    detect_all(now=LATER, only="aged_backorder")
    case = Case.objects.get(kind="aged_backorder", subject_id=order.order_id)
    return effects(case, LATER), {"A": a.sku, "B": b.sku, "GIVER": giver.number}


def held_by_credit() -> tuple[dict[str, Effect], dict[str, str]]:
    place(make_world(limit=50).draft(10), actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=NOW + 3 * DAY, only="aged_credit_hold")
    return effects(Case.objects.get(kind="aged_credit_hold"), NOW + 3 * DAY), {}


def supply_is_late() -> tuple[dict[str, Effect], dict[str, str]]:
    world = make_world(stock=0)
    place(world.draft(5), actor=CLERK, now=NOW)
    what = {"product_id": world.products[0].pk, "site_id": world.site.pk, "reference": "PO-7781", "qty": Decimal(5)}
    record_inbound(**what, eta_date=TODAY + DAY, actor=CLERK, now=NOW)
    detect_all(now=NOW + 3 * DAY, only="late_supply")
    return effects(Case.objects.get(kind="late_supply"), NOW + 3 * DAY), {}


def prices_differ() -> tuple[dict[str, Effect], dict[str, str]]:
    world = make_world()
    line = LineDraft(1, Decimal(40), product_id=world.products[0].pk, stated_price=Decimal("9.5"))
    place(world.draft_of([line]), actor=CLERK, now=NOW)
    drain(NOW)
    return effects(Case.objects.get(kind="price_mismatch"), NOW), {}


def promise_moved() -> tuple[dict[str, Effect], dict[str, str]]:
    """5 were promised of what comes on the 5th, and it comes on the 11th: 2 days to the customer."""
    world = make_world(stock=0)
    what = {"product_id": world.products[0].pk, "site_id": world.site.pk, "reference": "PO-1", "qty": Decimal(5)}
    for days in (3, 9):
        record_inbound(**what, eta_date=TODAY + days * DAY, actor=CLERK, now=NOW)
        if days == 3:
            place(world.draft(5), actor=CLERK, now=NOW)
        drain(NOW)
    return effects(Case.objects.get(kind="promise_moved"), NOW), {}


SAID = {
    old_backorder: [
        ("borrow", "borrow 6 from {GIVER}: its promise stays; ours 12 Mar", 0, 10),
        ("substitute", "6 of {B} for 6: on 12 Mar, -7.50 USD margin", "-7.50", 10),
        (
            "expedite",
            "25 of PO-9 on 12 Mar instead of 22 Mar: 6 of them are missing here, 10 days sooner; who waits gets new dates "
            "from it",
            0,
            12,
        ),
        ("allocate", "finds 5 of 6 at ELGIN", 50, NEVER),
        ("site", "5 of 6 come from ELGIN; 1 still waits", 50, NEVER),
        ("ship_part", "the warehouse gets 4 now if every gate lets it go; 6 follow", 0, NEVER),
        (
            "split",
            "4 of {A} go now; 6 come when there is a date, at their price and place in the queue, on a new line",
            0,
            NEVER,
        ),
        ("cancel_backorder", "gives up 6 worth 60.00 USD; the rest goes on", -60, NEVER),
    ],
    held_by_credit: [
        ("lend_limit", "lends 50.00 USD of limit until 12 Mar; every order held for credit is looked at", 0, 0),
        (
            "release_with_ceiling",
            "release with ceiling 100 USD until 8 Mar; an override by Finance or Finance approver",
            0,
            0,
        ),
        ("recheck_credit", "stays held: -50.00 USD of credit are free", 0, NEVER),
        ("cancel_order", "gives up 100.00 USD of sales", -100, NEVER),
    ],
    supply_is_late: [
        ("deal", "deals what is free or softly reserved again, by rank; firm claims stay", 0, 0),
        ("expedite", "5 of PO-7781 on 7 Mar, 4 days late; who waits gets new dates from it", 0, 4),
        ("redate", "5 of PO-7781 on 12 Mar, 9 days late; who waits gets new dates from it", 0, 9),
    ],
    prices_differ: [
        ("clear_hold", "the order goes on up to its value now; recorded as an override by Pricing", 0, 0),
        (
            "accept_po_price",
            "1 line at the customer's price: -20.00 USD; above your authority it is asked for",
            -20,
            0,
        ),
        ("cancel_order", "gives up 400.00 USD of sales", -400, NEVER),
        (
            "reject_lines",
            "1 line cancelled, 400.00 USD of sales; the customer orders again at our price",
            -400,
            NEVER,
        ),
    ],
    promise_moved: [
        (
            "expedite",
            "5 of PO-1 on 4 Mar instead of 11 Mar: 5 of them are missing here, 7 days sooner; who waits gets new dates "
            "from it",
            0,
            0,  # with the customer on 6 March, a day before the one promised first
        ),
        ("accept_date", "the customer takes 13 Mar, 6 days later than promised first", 0, 6),
        ("cancel_backorder", "gives up 5 worth 50.00 USD; the rest goes on", -50, NEVER),
    ],
}
ELSEWHERE = {"resend", "correct and replay"}  # of letters and transactions: their effect is the same whatever the case


@pytest.mark.parametrize("scene", SAID)
def test_what_each_action_would_do_is_said_and_ranked_by_the_customer_s_date_and_then_by_money(scene):
    found, names = scene()
    said = [(code, e.text, e.money_effect, e.days_late) for code, e in found.items() if e.is_possible]
    wanted = [(code, text.format(**names), Decimal(money), late) for code, text, money, late in SAID[scene]]
    assert said == wanted


def test_every_action_of_the_trade_is_among_them():
    shown = {code for rows in SAID.values() for code, *_ in rows}
    assert {action for action, (_, code) in ACTIONS.items() if code not in shown} == ELSEWHERE


def test_what_cannot_be_done_says_why_and_comes_last():
    found, _ = promise_moved()
    refused = {code: e.why_not for code, e in found.items() if not e.is_possible}
    assert refused == {
        "allocate": "No site has any of the 5 that are missing.",
        "borrow": "No order that is wanted later holds enough of it for good.",
        "ship_part": "Nothing is allocated to it that could be sent.",
        "split": "No line of it is there in part: all waits, or nothing does.",
    }
    assert list(found)[-len(refused) :] == sorted(refused)


def test_of_two_ways_the_one_that_is_sooner_at_the_customer_s_is_first_though_both_leave_today():
    """Elgin is a week's way off: to be sent today is not to be there today."""
    world = make_world(stock=0)
    place(world.draft(6, requested_date=TODAY), actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=LATER, only="aged_backorder")
    for code, days in (("ELGIN", 7), ("NEAR", 1)):
        site = Site.objects.create(code=code, name=code, rank=200, transit_days=days)
        stock(world.products[0], site, 6)
    case = Case.objects.get(kind="aged_backorder")
    offers = suggested(case_snapshots([case.pk])[case.pk], now=LATER)
    assert [(o.label, o.effect.days_late) for o in offers if o.code.startswith("site")] == [
        ("Reallocate from NEAR", 9),
        ("Reallocate from ELGIN", 15),
    ]
    assert next(o.effect.days_late for o in offers if o.code == "allocate") == 9
