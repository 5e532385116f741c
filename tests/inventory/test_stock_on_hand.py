"""What arrives, what is corrected, what is on its way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import InternalError, ProgrammingError

from core import invariants, writers
from core.errors import InvalidInput, NotFound
from core.models import JournalEntry, OutboxFact
from core.refs import DocumentRef
from core.testing import drain, unit
from inventory.models import InboundSupply, Lot, StockBalance, StockMovement
from inventory.queries import demand_states
from inventory.rules.asks import RankSnapshot
from inventory.services.adjust_stock import StockIsClaimed, adjust_stock
from inventory.services.allocate import allocate
from inventory.services.places import LotIsExpired, LotIsRecalled
from inventory.services.receive_stock import NothingReceived, ReceivedOtherwise, receive_stock
from inventory.services.record_inbound import record_inbound
from inventory.services.release_claims import release_claims
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    demand,
    open_and_reserve,
    spec,
    stock,
)
from tests.factories.stock import live_cases

pytestmark = pytest.mark.django_db
RECEIPT = DocumentRef("receipt", 5, "R5")


def receive(product, site, qty, **fields):
    fields = {"source": RECEIPT, **fields}
    return receive_stock(product_id=product.pk, site_id=site.pk, qty=Decimal(qty), actor=PLANNER, now=NOW, **fields)


def test_a_receipt_makes_the_lot_the_balance_the_movement_the_journal_and_the_fact():
    product, site = StockedProductFactory(), SiteFactory()
    expiry = TODAY + timedelta(days=100)
    balance_id = receive(product, site, 12, lot_code="L7", expiry_date=expiry)
    assert Lot.objects.get(product=product).expiry_date == expiry
    assert StockBalance.objects.get(pk=balance_id).on_hand_qty == 12
    assert StockMovement.objects.get(balance_id=balance_id).kind == "receipt"
    assert JournalEntry.objects.filter(subject_kind="stock_balance", subject_id=balance_id).count() == 1
    fact = OutboxFact.objects.get(kind="inventory.SupplyIncreased")
    assert (fact.stream, fact.payload["product_ids"]) == (f"product:{product.pk}", [product.pk])
    assert breaches() == []


def test_the_same_receipt_again_is_known_and_another_quantity_under_its_number_is_refused():
    product, site = StockedProductFactory(), SiteFactory()
    balance_id = receive(product, site, 12)
    assert receive(product, site, 12) == balance_id
    with pytest.raises(ReceivedOtherwise) as refused:
        receive(product, site, 13)
    assert (refused.value.data["recorded"], refused.value.data["asked"]) == ("12", "13")
    assert StockBalance.objects.get(pk=balance_id).on_hand_qty == 12
    assert OutboxFact.objects.count() == 1


def test_one_document_may_bring_several_products_and_lots():
    site = SiteFactory()
    for product in StockedProductFactory.create_batch(2):
        receive(product, site, 1, lot_code="A")
        receive(product, site, 2, lot_code="B")
    assert StockMovement.objects.count() == 4


def test_receiving_against_inbound_lowers_what_is_still_to_come_and_closes_it():
    inbound = InboundFactory(ordered_qty=10)
    receive(inbound.product, inbound.site, 4, inbound_id=inbound.pk)
    inbound.refresh_from_db()
    assert (inbound.received_qty, inbound.is_closed) == (4, False)
    receive(inbound.product, inbound.site, 6, inbound_id=inbound.pk, source=DocumentRef("receipt", 6))
    inbound.refresh_from_db()
    assert (inbound.received_qty, inbound.is_closed) == (10, True)
    with pytest.raises(NotFound):
        receive(inbound.product, inbound.site, 6, inbound_id=0, source=DocumentRef("receipt", 7))


def test_nothing_or_less_is_not_received():
    product, site = StockedProductFactory(), SiteFactory()
    with pytest.raises(NothingReceived):
        receive(product, site, 0)
    assert StockBalance.objects.count() == 0


def test_a_recalled_or_expired_lot_is_not_received_as_good_stock():
    product, site = StockedProductFactory(), SiteFactory()
    stock(product, site, 1, lot="BAD")
    Lot.objects.filter(code="BAD").update(is_recalled=True)
    with pytest.raises(LotIsRecalled) as refused:
        receive(product, site, 1, lot_code="BAD")
    assert "lift the recall" in refused.value.remedy
    with pytest.raises(LotIsExpired):
        receive(product, site, 1, lot_code="OLD", expiry_date=TODAY - timedelta(days=1))
    receive(product, site, 1, lot_code="LAST", expiry_date=TODAY)
    assert StockMovement.objects.count() == 2


def test_an_adjustment_below_what_is_promised_takes_it_from_the_lowest_in_rank_and_opens_a_case():
    product, site = StockedProductFactory(), SiteFactory()
    balance_id = stock(product, site, 10)
    first, last = open_and_reserve([spec(product, 5), spec(product, 4, rank=RankSnapshot(tier_rank=1))])
    left = adjust_stock(balance_id=balance_id, qty=Decimal(-4), reason="water damage", actor=PLANNER, now=NOW)
    assert left == 6
    assert StockMovement.objects.get(kind="adjust").reason == "water damage"
    states = demand_states([first.demand_id, last.demand_id])
    left = [(states[got.demand_id].reserved, states[got.demand_id].backordered) for got in (first, last)]
    assert left == [(2, 3), (4, 0)]
    (case,) = live_cases("claims_gave_way")
    assert (case.queue.code, case.subject_kind, case.subject_id) == ("planner", "stock_balance", balance_id)
    assert "3 promised to Order" in case.summary
    assert breaches() == []
    stock(product, site, 3)
    drain(NOW)
    assert demand_states([first.demand_id])[first.demand_id].allocated == 5


def test_an_adjustment_never_takes_what_the_warehouse_is_picking():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    wanted = demand(product, 7)
    allocate(trigger_key="a", product_ids=[product.pk], actor=PLANNER, now=NOW)
    with unit():
        release_claims([wanted], now=NOW)
    with pytest.raises(StockIsClaimed) as refused:
        adjust_stock(balance_id=balance_id, qty=Decimal(-4), reason="water damage", actor=PLANNER, now=NOW)
    assert refused.value.data == {"on_hand": "10", "claimed": "7", "asked": "4", "free": "3"}
    assert live_cases("claims_gave_way") == []
    assert adjust_stock(balance_id=balance_id, qty=Decimal(-3), reason="water damage", actor=PLANNER, now=NOW) == 7
    assert breaches() == []


def test_an_adjustment_without_a_reason_or_of_nothing_names_both_mistakes():
    balance_id = stock(StockedProductFactory(), SiteFactory(), 10)
    with pytest.raises(InvalidInput) as wrong:
        adjust_stock(balance_id=balance_id, qty=Decimal(0), reason=" ", actor=PLANNER, now=NOW)
    assert [e.pointer for e in wrong.value.errors] == ["/qty", "/reason"]
    with pytest.raises(NotFound):
        adjust_stock(balance_id=0, qty=Decimal(1), reason="found one", actor=PLANNER, now=NOW)


def test_news_of_an_inbound_supply_updates_it_instead_of_doubling_it():
    product, site = StockedProductFactory(), SiteFactory()
    for qty, days in ((10, 5), (8, 9)):
        record_inbound(
            product_id=product.pk, site_id=site.pk, reference="PO-77", qty=Decimal(qty),
            eta_date=TODAY + timedelta(days=days), actor=PLANNER, now=NOW,
        )  # fmt: skip
    stored = InboundSupply.objects.get()
    assert (stored.ordered_qty, stored.eta_date) == (8, TODAY + timedelta(days=9))


def test_movements_cannot_be_edited_or_removed():
    stock(StockedProductFactory(), SiteFactory(), 10)
    rows = StockMovement.objects.all()
    for tamper in (lambda: rows.update(qty=99), rows.delete):
        with pytest.raises((InternalError, ProgrammingError), match="append_only"), transaction.atomic():
            tamper()
    assert StockMovement.objects.get().qty == 10


def test_the_checker_names_a_balance_whose_figures_were_changed_behind_its_back():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    open_and_reserve([spec(product, 4)])
    with writers.by_hand("stock"):
        StockBalance.objects.filter(pk=balance_id).update(on_hand_qty=9, reserved_qty=3)
    found = {b.name: b.detail for b in invariants.run()}
    assert (
        f"balance {balance_id} has 9.0000 on hand, its movements sum to 10.0000"
        in found["on hand equals the sum of movements"]
    )
    assert "3.0000/0.0000" in found["claims on a balance equal its open claims"]
