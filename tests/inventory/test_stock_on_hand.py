"""What arrives, what is corrected, what is on its way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import InternalError, ProgrammingError

from core import invariants
from core.errors import InvalidInput, NotFound
from core.models import JournalEntry, OutboxFact
from core.refs import DocumentRef
from inventory.models import InboundSupply, Lot, StockBalance, StockMovement
from inventory.services.adjust_stock import StockIsClaimed, adjust_stock
from inventory.services.receive_stock import NothingReceived, ReceivedOtherwise, receive_stock
from inventory.services.record_inbound import record_inbound
from tests.factories.inventory import (
    NOW,
    PLANNER,
    TODAY,
    InboundFactory,
    SiteFactory,
    StockedProductFactory,
    breaches,
    open_and_reserve,
    spec,
    stock,
)

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


def test_an_adjustment_never_goes_below_what_is_promised():
    product = StockedProductFactory()
    balance_id = stock(product, SiteFactory(), 10)
    open_and_reserve([spec(product, 7)])
    with pytest.raises(StockIsClaimed) as refused:
        adjust_stock(balance_id=balance_id, qty=Decimal(-4), reason="water damage", actor=PLANNER, now=NOW)
    assert refused.value.data == {"on_hand": "10", "claimed": "7", "asked": "4", "free": "3"}
    assert adjust_stock(balance_id=balance_id, qty=Decimal(-3), reason="water damage", actor=PLANNER, now=NOW) == 7
    assert StockMovement.objects.get(kind="adjust").reason == "water damage"
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
    StockBalance.objects.filter(pk=balance_id).update(on_hand_qty=9, reserved_qty=3)
    found = {b.name: b.detail for b in invariants.run()}
    assert (
        f"balance {balance_id} has 9.0000 on hand, its movements sum to 10.0000"
        in found["on hand equals the sum of movements"]
    )
    assert "3.0000/0.0000" in found["claims on a balance equal its open claims"]
