"""Stock that moves, is recalled or counted while others claim it: real threads, real transactions."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.lifecycle import IllegalTransition
from core.refs import DocumentRef
from core.testing import race
from core.uow import door_verb
from inventory.models import Claim, CountLine, Lot, StockBalance
from inventory.rules.transfers import Arrived
from inventory.services.give_way import ClaimsMoved
from inventory.services.open_count import open_count
from inventory.services.open_demands import open_demands
from inventory.services.places import LotIsRecalled
from inventory.services.post_count import CountMoved, post_count
from inventory.services.recall_lot import recall_lot
from inventory.services.receive_stock import receive_stock
from inventory.services.receive_transfer import receive_transfer
from inventory.services.record_counts import record_counts
from inventory.services.reserve import reserve
from inventory.services.ship_transfer import NotFreeToSend, ship_transfer
from tests.factories.inventory import NOW, PLANNER, TODAY, SiteFactory, StockedProductFactory, breaches, spec, stock
from tests.factories.stock import on_hand, requested, shipped

pytestmark = pytest.mark.django_db(transaction=True)
LATER = TODAY + timedelta(days=300)


@door_verb
def claim(product, qty):
    """As orders.submit uses inventory: a door verb, so that a deadlock or lock time-out is tried again."""
    asked = spec(product, qty)
    return next(iter(reserve(list(open_demands([asked], now=NOW).values()), now=NOW).values()))


def unexpected(results, *expected):
    return [r for r in results if isinstance(r, Exception) and not isinstance(r, expected)]


def test_a_truck_and_buyers_share_ten_units_and_nobody_gets_one_twice():
    product, source, target = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, source, 10)
    transfers = [requested(product, source, target, 3)[0] for _ in range(3)]
    results = race(
        *[lambda: claim(product, 2) for _ in range(4)],
        *[lambda t=t: ship_transfer(transfer_id=t, actor=PLANNER, now=NOW) for t in transfers],
    )
    assert unexpected(results, NotFreeToSend) == []
    sent = [r for r in results[4:] if not isinstance(r, Exception)]
    assert sum(r.reserved for r in results[:4]) + 3 * len(sent) <= 10
    balance = StockBalance.objects.get(product=product, site=source)
    assert balance.on_hand_qty >= balance.reserved_qty
    assert breaches() == []


def test_after_a_recall_nobody_holds_a_unit_of_the_lot_whoever_was_quick():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 20, lot="L", expiry=LATER)
    lot = Lot.objects.get()
    receipt = DocumentRef("receipt", 900)
    results = race(
        *[lambda: claim(product, 2) for _ in range(5)],
        lambda: recall_lot(lot_id=lot.pk, reason="maker's letter", actor=PLANNER, now=NOW),
        lambda: receive_stock(
            product_id=product.pk, site_id=site.pk, qty=Decimal(4), lot_code="L", source=receipt, actor=PLANNER, now=NOW,
        ),
    )  # fmt: skip
    assert unexpected(results, ClaimsMoved, LotIsRecalled) == []
    recall_lot(lot_id=lot.pk, reason="maker's letter", actor=PLANNER, now=NOW)
    assert not Claim.objects.filter(balance__lot=lot, state="open").exists()
    assert (on_hand(product), on_hand(product, status="recalled")) in ((0, 20), (0, 24))
    assert breaches() == []


def test_a_transfer_received_by_four_at_once_arrives_once():
    product, source, target = StockedProductFactory(), SiteFactory(), SiteFactory()
    stock(product, source, 10)
    transfer_id, line = shipped(product, source, target, 6)
    came = {line: Arrived(Decimal(5), Decimal(1))}
    results = race(
        *[lambda: receive_transfer(transfer_id=transfer_id, arrived=came, actor=PLANNER, now=NOW) for _ in range(4)]
    )
    assert unexpected(results) == []
    assert (on_hand(product, target), on_hand(product, target, "damaged")) == (5, 1)
    assert breaches() == []


def test_a_count_posted_by_two_while_buyers_claim_is_booked_once():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 10)
    count_id = open_count(site_id=site.pk, key="k", actor=PLANNER, now=NOW)
    record_counts(count_id=count_id, counted={CountLine.objects.get().pk: Decimal(4)}, actor=PLANNER, now=NOW)
    results = race(
        *[lambda: claim(product, 3) for _ in range(3)],
        *[lambda: post_count(count_id=count_id, actor=PLANNER, now=NOW) for _ in range(2)],
    )
    assert unexpected(results, ClaimsMoved, CountMoved, IllegalTransition) == []
    for _ in range(2):
        post_count(count_id=count_id, actor=PLANNER, now=NOW)
    balance = StockBalance.objects.get(product=product)
    assert balance.on_hand_qty == 4 and balance.reserved_qty <= 4
    assert breaches() == []
