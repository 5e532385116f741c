"""Totals are written by their home alone: the database refuses whoever writes them beside it, and says what to call."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from core import writers
from core.refs import DocumentRef
from core.testing import unit
from credit.models import CreditAccount, OpenOrderDay
from credit.rules.asks import PostingSpec
from credit.services.post import post
from inventory.models import Pool, StockBalance
from inventory.services.adjust_stock import adjust_stock
from inventory.services.claim import shift_balances
from tests.factories.credit import CreditAccountFactory
from tests.factories.inventory import NOW, PLANNER, SiteFactory, StockedProductFactory, stock
from tests.factories.pools import protect

pytestmark = pytest.mark.django_db


@pytest.fixture
def balance():
    return StockBalance.objects.get(pk=stock(StockedProductFactory(), SiteFactory(), 10))


def refused(write, home):
    with pytest.raises(ProgrammingError, match=f"written_by_{home}") as told, transaction.atomic():
        write()
    return told.value.__cause__.diag.message_hint


def test_a_balance_is_not_saved_updated_or_deleted_beside_its_services(balance):
    balance.on_hand_qty = Decimal(99)
    assert "adjust_stock" in refused(balance.save, "stock")
    refused(lambda: StockBalance.objects.update(reserved_qty=1), "stock")
    refused(lambda: StockBalance.objects.update(status="quality"), "stock")  # that would move stock without a movement
    refused(lambda: StockBalance.objects.filter(pk=balance.pk).update(owner="THEM"), "stock")
    empty = StockBalance.objects.create(
        product=balance.product, site=SiteFactory()
    )  # a place with nothing in it: anybody
    refused(
        lambda: connection.cursor().execute("DELETE FROM inventory_stockbalance WHERE id = %s", [empty.pk]), "stock"
    )
    refused(lambda: StockBalance.objects.create(product=balance.product, site=SiteFactory(), on_hand_qty=1), "stock")
    assert sorted(StockBalance.objects.values_list("on_hand_qty", "status", "owner")) == [
        (0, "available", ""), (10, "available", ""),
    ]  # fmt: skip


def test_the_mark_of_the_home_ends_with_its_statement(balance):
    """Whoever loads a balance, calls the home and saves what they loaded is refused in the same transaction."""

    def both() -> None:
        assert shift_balances({balance.pk: {"on_hand_qty": Decimal(3)}}) == set()
        assert StockBalance.objects.get(pk=balance.pk).on_hand_qty == 13
        balance.save()

    with pytest.raises(ProgrammingError, match="written_by_stock"), unit("test"):
        both()
    assert StockBalance.objects.get(pk=balance.pk).on_hand_qty == 10
    adjust_stock(balance_id=balance.pk, qty=Decimal(-4), reason="broken", actor=PLANNER, now=NOW)
    assert StockBalance.objects.get(pk=balance.pk).on_hand_qty == 6


def test_a_claim_that_every_balance_refuses_is_told_as_refused_not_as_somebody_elses(balance):
    with unit("test"):
        assert shift_balances({balance.pk: {"reserved_qty": Decimal(11)}}) == {balance.pk}
        assert shift_balances({balance.pk + 1_000: {"reserved_qty": Decimal(1)}}) == {balance.pk + 1_000}
    assert StockBalance.objects.get(pk=balance.pk).reserved_qty == 0


def test_credit_totals_and_days_are_moved_by_postings_alone():
    row = CreditAccountFactory(limit_amount=Decimal(500))
    row.receivable_amount = Decimal(1)
    assert "post" in refused(row.save, "credit")
    refused(lambda: CreditAccount.objects.update(released_amount=1), "credit")
    refused(lambda: CreditAccountFactory(unapplied_amount=Decimal(5)), "credit")
    refused(lambda: OpenOrderDay.objects.create(credit_account=row, ship_date=date(2026, 12, 1), amount=3), "credit")
    CreditAccount.objects.filter(pk=row.pk).update(limit_amount=600)  # no total
    order = DocumentRef("order", 1, "O1")
    open_order = PostingSpec(row.account_id, order, "open_order", Decimal(8), key="a", ship_date=date(2026, 12, 1))
    with unit("test"):
        assert post([open_order], now=NOW) == 1
    refused(lambda: OpenOrderDay.objects.update(amount=9), "credit")
    refused(lambda: OpenOrderDay.objects.all()._raw_delete("default"), "credit")
    assert OpenOrderDay.objects.get().amount == 8
    row.refresh_from_db()
    assert (row.limit_amount, row.receivable_amount) == (600, 0)


def test_a_pool_is_kept_by_its_services_alone():
    kept = protect(8, product=StockedProductFactory())
    kept.amount = Decimal(1)
    assert "save_pool" in refused(kept.save, "pools")
    refused(lambda: Pool.objects.update(amount=1), "pools")
    refused(kept.delete, "pools")
    assert Pool.objects.get().amount == 8


def test_by_hand_opens_one_home_and_closes_it_again(balance):
    with writers.by_hand("stock"):
        StockBalance.objects.update(on_hand_qty=7)
        refused(lambda: Pool.objects.update(amount=1), "pools")
    refused(lambda: StockBalance.objects.update(on_hand_qty=8), "stock")
    with pytest.raises(IntegrityError), transaction.atomic(), writers.by_hand("stock"):
        StockBalance.objects.update(reserved_qty=8)  # the checks hold whoever writes
    refused(lambda: StockBalance.objects.update(on_hand_qty=9), "stock")
    assert StockBalance.objects.get().on_hand_qty == 7
