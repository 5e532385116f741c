"""Cases about bad goods and wrong dealings are mended at a click, and what is written is what was said."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import DomainError
from exceptions_app.models import Case
from exceptions_app.queries import case_snapshots, suggested
from exceptions_app.services.apply_resolution import apply_resolution
from exceptions_app.services.detect import detect_all
from inventory.models import Demand, Lot, StockBalance, StockMovement
from inventory.services.expire_lots import expire_lots
from tests.factories.accounts import TierFactory
from tests.factories.inventory import NOW as STOCK_NOW
from tests.factories.inventory import SiteFactory, StockedProductFactory, breaches, stock
from tests.factories.orders import NOW, TODAY, allocated, make_world
from tests.factories.stock import arrive, shipped

pytestmark = pytest.mark.django_db
PETRA = Actor("Petra", roles=frozenset({"planner"}))


def effect(case: Case, code: str, now=NOW):
    return next(o.effect for o in suggested(case_snapshots([case.pk])[case.pk], now=now) if o.code == code)


def mend(case: Case, code: str, now=NOW, key: str = "k") -> Case:
    apply_resolution(case_id=case.pk, code=code, actor=PETRA, now=now, key=key)
    case.refresh_from_db()
    return case


def test_an_expired_lot_is_scrapped_at_every_place_once():
    product = StockedProductFactory()
    for qty in (4, 3):
        stock(product, SiteFactory(), qty, lot="L1", expiry=STOCK_NOW.date() + timedelta(days=1))
    expire_lots(actor=PETRA, now=STOCK_NOW + timedelta(days=3))
    case = Case.objects.get(kind="lot_expired")
    assert effect(case, "scrap").text == "scraps 7 at 2 places: they leave the books"
    assert effect(case, "keep").text.startswith("7 stay set aside")
    assert mend(case, "scrap", STOCK_NOW).status == "resolved"
    assert sum(StockBalance.objects.filter(lot=Lot.objects.get()).values_list("on_hand_qty", flat=True)) == 0
    assert StockMovement.objects.filter(kind="scrap").count() == 2
    with pytest.raises(DomainError):
        mend(case, "scrap", STOCK_NOW)
    assert StockMovement.objects.filter(kind="scrap").count() == 2
    assert breaches() == []


def test_a_conflict_is_settled_by_giving_the_better_tier_what_the_worse_one_holds():
    low = make_world(stock=6, tier=TierFactory(rank=5))
    allocated(low, 6)
    high = make_world(stock=None, tier=TierFactory(rank=1))
    high.products[:] = low.products
    high.rows[:] = []
    wanted = allocated(high, 4, requested_date=TODAY)
    detect_all(now=NOW, only="allocation_conflict")
    case = Case.objects.get(kind="allocation_conflict")
    assert effect(case, "give").text.startswith("gives 4 of SO-")
    assert mend(case, "give").resolution_code == "give"
    taker = Demand.objects.get(ref_id=wanted.order_id)
    assert (taker.allocated_qty, taker.backordered_qty) == (4, 0)
    assert Demand.objects.exclude(pk=taker.pk).get().allocated_qty == 2
    detect_all(now=NOW, only="allocation_conflict")
    assert Case.objects.filter(kind="allocation_conflict").count() == 1


def test_a_short_transfer_that_is_given_up_ends_its_case_with_who_did_it():
    product, here, there = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, here, 10)
    transfer_id, line_id = shipped(product, here, there, 10)
    arrive(transfer_id, {line_id: (8, 0)})
    case = Case.objects.get(kind="transfer_short")
    done = mend(case, "close_transfer", STOCK_NOW)
    assert (done.status, done.resolution_code) == ("auto_resolved", "close_transfer")
    assert done.events.filter(verb="resolved", actor_label="Petra").count() == 1
    assert StockBalance.objects.get(site=there).on_hand_qty == Decimal(8)
