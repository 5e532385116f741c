"""What an order's case offers beyond waiting: substitutes, other sites, deliveries that come sooner; each effect is true."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import NotFound, NotPermitted
from core.models import OverrideEntry
from core.overrides import Reason
from core.testing import drain
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.rules.ranking import Suggestion
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from inventory.models import Demand, InboundSupply, Site
from inventory.services.record_inbound import record_inbound
from inventory.services.serve_from import OthersComeFirst, serve_from
from orders.queries import pictures
from orders.services.place import place
from tests.factories.accounts import TierFactory
from tests.factories.catalog import SubstitutionFactory
from tests.factories.inventory import breaches, stock
from tests.factories.orders import CLERK, NOW, TODAY, World, make_world

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = NOW + 8 * DAY


def waiting(world: World, qty: int = 10, **more) -> Case:
    """The case of an order that waits a week beyond its day."""
    order = place(world.draft(qty, requested_date=TODAY, **more), actor=CLERK, now=NOW)
    drain(NOW)
    detect_all(now=LATER, only="aged_backorder")
    return Case.objects.get(kind="aged_backorder", subject_id=order.order_id)


def offers(case: Case) -> dict[str, Suggestion]:
    return {o.code: o for o in suggested(case_snapshots([case.pk])[case.pk], now=LATER)}


def mend(case: Case, code: str, actor: Actor = CLERK) -> None:
    apply_resolution(case_id=case.pk, code=code, actor=actor, now=LATER, key="k")


def test_a_substitute_is_offered_with_its_margin_and_taken_as_it_was_said():
    world = make_world(products=2, stock=None, substitution_allowed=True)
    a, b = world.products
    stock(a, world.site, 4)
    stock(b, world.site, 20)
    SubstitutionFactory(product=a, substitute=b, ratio=1, valid_from=None, valid_to=None, needs_consent=False)
    case = waiting(world)
    offer = offers(case)[f"substitute:{b.pk}"]
    assert offer.label == f"Substitute {b.sku}"
    assert (offer.effect.is_possible, offer.effect.money_effect) == (True, Decimal(0))  # the same price and cost
    assert offer.effect.text.startswith(f"6 of {b.sku} for 6: on 1")
    mend(case, f"substitute:{b.pk}")
    first, second = pictures([case.subject_id])[case.subject_id].lines
    assert (first.demand.backordered, second.sku, second.qty, second.demand.backordered) == (0, b.sku, 6, 0)
    case.refresh_from_db()
    assert (case.status, case.resolution_code) == ("resolved", f"substitute:{b.pk}")
    assert case.number in OverrideEntry.objects.get(kind="substitution").reason
    assert breaches() == []


def test_a_substitute_the_customer_is_asked_for_first_is_shown_and_not_taken():
    world = make_world(products=2, stock=None)
    a, b = world.products
    stock(b, world.site, 20)
    SubstitutionFactory(product=a, substitute=b, ratio=1, valid_from=None, valid_to=None)
    offer = offers(waiting(world))[f"substitute:{b.pk}"]
    assert not offer.effect.is_possible
    assert "asked before" in offer.effect.why_not


def test_another_site_is_named_with_what_it_has_and_serves_the_order_before_the_usual_ones():
    world = make_world(stock=None)
    (product,) = world.products
    case = waiting(world)
    elgin = Site.objects.create(code="ELGIN", name="Elgin DC", rank=200)
    stock(product, world.site, 3)
    stock(product, elgin, 7)
    found = offers(case)
    assert found[f"site:{elgin.pk}"].label == "Reallocate from ELGIN"
    assert found[f"site:{elgin.pk}"].effect.text == "7 of 10 come from ELGIN; 3 still wait"
    assert found[f"site:{elgin.pk}"].effect.money_effect == Decimal("70.00")
    mend(case, f"site:{elgin.pk}")
    demand = Demand.objects.get()
    held = {c.balance.site.code: c.qty for c in demand.claims.filter(state="open").select_related("balance__site")}
    assert (demand.route[0], held["ELGIN"]) == (elgin.pk, 7)
    entry = OverrideEntry.objects.get(kind="sourcing")
    assert entry.after["first"] == "ELGIN"
    assert breaches() == []


def test_a_site_whose_stock_goes_to_a_better_tier_gives_nothing_and_nothing_is_changed():
    world = make_world(stock=None)
    case = waiting(world)
    better = make_world(stock=None, tier=TierFactory(rank=1))
    better.products[:] = world.products
    place(better.draft(50), actor=CLERK, now=NOW)
    drain(NOW)
    stock(world.products[0], world.site, 7)
    demand = Demand.objects.get(ref_id=case.subject_id)
    with pytest.raises(OthersComeFirst):
        serve_from(
            demand_id=demand.pk,
            site_id=world.site.pk,
            reason=Reason("case", "they call every hour"),
            trigger_key="t",
            actor=CLERK,
            now=LATER,
        )
    demand.refresh_from_db()
    assert (demand.route, demand.backordered_qty) == ([], 10)
    assert not OverrideEntry.objects.filter(kind="sourcing").exists()


def test_a_delivery_is_expedited_from_the_order_that_waits_for_it():
    world = make_world(stock=0)
    case = waiting(world)
    pk = record_inbound(
        product_id=world.products[0].pk,
        site_id=world.site.pk,
        reference="PO-9",
        qty=Decimal(25),
        eta_date=LATER.date() + 12 * DAY,
        actor=CLERK,
        now=LATER,
    )
    offer = offers(case)[f"expedite:{pk}"]
    assert offer.label == "Expedite PO-9"
    assert "25 of PO-9 on 12 Mar instead of 22 Mar: 10 of them are missing here, 10 days sooner" in offer.effect.text
    mend(case, f"expedite:{pk}")
    assert InboundSupply.objects.get(pk=pk).eta_date == LATER.date() + 2 * DAY
    with pytest.raises(NotFound):  # it is soon enough already: the family offers it no more
        apply_resolution(case_id=waiting(world).pk, code=f"expedite:{pk}", actor=CLERK, now=LATER, key="again")


def test_who_may_not_deal_stock_does_not_deal_it_from_a_case_either():
    world = make_world(stock=None)
    case = waiting(world)
    stock(world.products[0], world.site, 3)
    with pytest.raises(NotPermitted):
        mend(case, f"site:{world.site.pk}", Actor("Bea", roles=frozenset({"cs"})))
    assert Demand.objects.get().backordered_qty == 10
