"""A field sale is seen at once by everybody else, and two of them never take one unit."""

from decimal import Decimal
from threading import Event, Thread

import pytest
from django.db import connection

from core.errors import InvalidInput
from core.testing import race, unit
from inventory.field_queries import field_stock
from inventory.models import Demand, FieldUsage, ParLevel, TransferOffer
from inventory.queries import availability
from inventory.rules.asks import AvailabilityQuery
from inventory.rules.transfers import TransferLineSpec
from inventory.services.ask_fill_up import replenish
from inventory.services.offer_transfer import accept_offer, offer_transfer
from inventory.services.use_stock import UsedElsewhere
from tests.factories.accounts import RepFactory
from tests.factories.field import make_field, use
from tests.factories.flow import breaches
from tests.factories.inventory import NOW, PLANNER, TODAY, SiteFactory
from tests.factories.stock import on_hand

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


def elsewhere(ask):
    """`ask()` in another connection; its answer."""
    found = []

    def run():
        try:
            found.append(ask())
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join(timeout=20)
    assert found, "no answer from the other connection"
    return found[0]


def test_a_field_sale_lowers_what_another_connection_reads_in_its_own_commit():
    made = make_field(shelf=6)

    def shown():
        query = AvailabilityQuery((made.product.pk,), made.world.account.pk, TODAY, site_ids=(made.shelf.pk,))
        (line,) = field_stock([made.shelf.pk])
        return availability(query)[made.product.pk].available, line.free

    assert elsewhere(shown) == (6, 6)
    sold, looked = Event(), Event()
    seen = []

    def watch():
        try:
            sold.wait(timeout=20)
            seen.append(shown())
        finally:
            looked.set()
            connection.close()

    watcher = Thread(target=watch)
    watcher.start()
    original = connection.commit

    def commit():
        """Everything is written, nothing committed yet: the other connection must still see the old figure."""
        if FieldUsage.objects.exists() and not sold.is_set():
            sold.set()
            looked.wait(timeout=20)
        original()

    connection.commit = commit
    try:
        use(made, 2, site=made.shelf)
    finally:
        connection.commit = original
    watcher.join(timeout=20)
    assert seen == [(6, 6)]
    assert elsewhere(shown) == (4, 4)
    assert breaches() == []


def test_of_many_who_use_the_last_unit_one_did():
    made = make_field(trunk=1)
    outcomes = race(*(lambda n=n: use(made, 1, key=f"device {n}") for n in range(6)))
    kept = [o for o in outcomes if not isinstance(o, BaseException)]
    assert len(kept) == 1
    assert all(isinstance(o, InvalidInput | UsedElsewhere) for o in outcomes if o not in kept), outcomes
    assert (on_hand(made.product, made.trunk), FieldUsage.objects.count()) == (0, 1)
    assert breaches() == []


def test_one_usage_sent_by_two_threads_is_kept_once():
    made = make_field(trunk=5)
    race(*(lambda: use(made, 1, key="the same") for _ in range(4)))
    assert (on_hand(made.product, made.trunk), FieldUsage.objects.count()) == (4, 1)
    with unit():
        assert breaches() == []


def test_runs_beside_each_other_ask_for_what_is_missing_once():
    made = make_field(trunk=2)
    ParLevel.objects.create(site=made.trunk, product=made.product, par_qty=6)
    outcomes = race(*(lambda n=n: replenish(key=f"run {n}", actor=PLANNER, now=NOW) for n in range(4)))
    assert sorted(len(made_now) for made_now in outcomes) == [0, 0, 0, 1]
    assert Demand.objects.get(ref_kind="fill_up").ordered_qty == 4


def test_what_is_offered_is_used_or_handed_over_never_both():
    made = make_field(trunk=1)
    other = SiteFactory(code="TRUNK-2", kind="trunk", rep=RepFactory())
    offer_id = offer_transfer(
        from_site_id=made.trunk.pk, to_site_id=other.pk, lines=[TransferLineSpec(made.product.pk, Decimal(1))],
        key="k", actor=made.actor, now=NOW,
    )  # fmt: skip
    race(lambda: use(made, 1), lambda: accept_offer(offer_id=offer_id, actor=PLANNER, now=NOW))
    assert on_hand(made.product, made.trunk) == 0
    assert FieldUsage.objects.count() + TransferOffer.objects.filter(status="accepted").count() == 1
    assert on_hand(made.product, other) == TransferOffer.objects.filter(status="accepted").count()
    assert breaches() == []
