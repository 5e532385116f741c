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
from exceptions_app.services.moves import CaseIsOver
from inventory import resolutions
from inventory.models import CountLine, Demand, Lot, StockBalance, StockCount, StockMovement, Transfer
from inventory.services.expire_lots import expire_lots
from inventory.services.open_count import open_count
from inventory.services.post_count import post_count
from inventory.services.record_counts import record_counts
from tests.factories.accounts import TierFactory
from tests.factories.inventory import NOW as STOCK_NOW
from tests.factories.inventory import (
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)
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


def test_what_a_short_transfer_missed_is_found_and_received_once():
    product, here, there = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, here, 10)
    transfer_id, line_id = shipped(product, here, there, 10)
    arrive(transfer_id, {line_id: (7, 1)})
    case = Case.objects.get(kind="transfer_short")
    assert effect(case, "found").text.startswith("2 are booked in good order at ")
    done = mend(case, "found", STOCK_NOW)
    assert (done.status, done.resolution_code) == ("auto_resolved", "found")
    assert Transfer.objects.get(pk=transfer_id).status == "closed"
    assert StockBalance.objects.get(site=there, status="available").on_hand_qty == 9
    with pytest.raises(CaseIsOver):
        mend(case, "found", STOCK_NOW)
    assert StockBalance.objects.get(site=there, status="available").on_hand_qty == 9
    assert breaches() == []


def test_a_rest_that_came_before_the_click_is_not_received_again():
    product, here, there = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, here, 10)
    transfer_id, line_id = shipped(product, here, there, 10)
    arrive(transfer_id, {line_id: (8, 0)})
    seen = case_snapshots([Case.objects.get(kind="transfer_short").pk]).popitem()[1]
    arrive(transfer_id, {line_id: (10, 0)})
    assert not resolutions.preview_found(seen, STOCK_NOW).is_possible
    with pytest.raises(resolutions.NothingIsMissing):
        resolutions.found(seen, actor=PETRA, now=STOCK_NOW, key="k")
    assert StockBalance.objects.get(site=there).on_hand_qty == 10


def test_stock_that_gave_way_is_looked_for_with_one_count():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 10)
    open_and_reserve([spec(product, 9)])
    count_id = open_count(site_id=site.pk, product_ids=[product.pk], key="c", actor=PETRA, now=STOCK_NOW)
    line = CountLine.objects.get(count=count_id)
    record_counts(count_id=count_id, counted={line.pk: Decimal(7)}, actor=PETRA, now=STOCK_NOW)
    post_count(count_id=count_id, actor=PETRA, now=STOCK_NOW)
    case = Case.objects.get(kind="claims_gave_way")
    assert effect(case, "count").text == f"opens a count of 1 product at {site}: what is found serves who waits"
    done = mend(case, "count", STOCK_NOW)
    assert (done.status, done.resolution_code) == ("resolved", "count")
    with pytest.raises(CaseIsOver):
        mend(case, "count", STOCK_NOW)
    assert StockCount.objects.exclude(pk=count_id).count() == 1
