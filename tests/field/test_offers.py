"""Goods from one keeper to another: nothing moves before the other side has said yes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import InvalidInput, NotFound
from inventory.models import CountLine, Lot, Transfer, TransferOffer
from inventory.rules.transfers import TransferLineSpec
from inventory.services.offer_transfer import (
    AcceptedByTheOfferer,
    NeitherIsInTheField,
    OfferIsOver,
    accept_offer,
    decline_offer,
    expire_offers,
    offer_transfer,
    withdraw_offer,
)
from inventory.services.open_count import open_count
from inventory.services.places import LotIsRecalled, LotOfAnotherProduct, SiteIsClosed
from inventory.services.post_count import post_count
from inventory.services.recall_lot import recall_lot
from inventory.services.record_counts import record_counts
from inventory.services.request_transfer import TransferToItself
from inventory.services.ship_transfer import NotFreeToSend
from inventory.states import SiteKind
from tests.factories.accounts import RepFactory
from tests.factories.catalog import ProductFactory
from tests.factories.field import make_field, use
from tests.factories.flow import breaches
from tests.factories.inventory import NOW, PLANNER, SiteFactory, stock
from tests.factories.stock import live_cases, on_hand

pytestmark = pytest.mark.django_db
OTHER = Actor("Rita Rep", user_id=99_999, roles=frozenset({"rep"}), channel="api")


@pytest.fixture
def made():
    return make_field()


@pytest.fixture
def theirs():
    return SiteFactory(code="TRUNK-2", kind=SiteKind.TRUNK, rep=RepFactory())


def offer(made, target, qty=2, *, source=None, product=None, lot="", key="offer 1", **more):
    return offer_transfer(
        from_site_id=(source or made.trunk).pk,
        to_site_id=target.pk,
        lines=[TransferLineSpec((product or made.product).pk, Decimal(qty), lot)],
        key=key,
        actor=made.actor,
        now=NOW,
        **more,
    )


def test_an_offer_moves_nothing_and_its_acceptance_all_of_it_at_once(made, theirs):
    offer_id = offer(made, theirs)
    assert offer(made, theirs) == offer_id  # sent again
    assert (on_hand(made.product, made.trunk), on_hand(made.product, theirs)) == (5, 0)
    transfer_id = accept_offer(offer_id=offer_id, actor=OTHER, now=NOW)
    assert (on_hand(made.product, made.trunk), on_hand(made.product, theirs)) == (3, 2)
    assert accept_offer(offer_id=offer_id, actor=OTHER, now=NOW) == transfer_id
    assert on_hand(made.product, theirs) == 2
    assert Transfer.objects.get(pk=transfer_id).status == "closed"
    assert breaches() == []


def test_declined_withdrawn_or_too_late_it_moves_nothing(made, theirs):
    declined, withdrawn, late = (offer(made, theirs, key=f"k{n}", hours=24) for n in range(3))
    decline_offer(offer_id=declined, note="no room", actor=OTHER, now=NOW)
    decline_offer(offer_id=declined, actor=OTHER, now=NOW)
    withdraw_offer(offer_id=withdrawn, actor=made.actor, now=NOW)
    day_after = NOW + timedelta(hours=24)
    for offer_id in (declined, withdrawn, late):
        with pytest.raises(OfferIsOver):
            accept_offer(offer_id=offer_id, actor=OTHER, now=day_after)
    assert TransferOffer.objects.get(pk=late).status == "offered"  # over all the same
    assert expire_offers(actor=PLANNER, now=day_after) == 1
    assert expire_offers(actor=PLANNER, now=day_after) == 0
    assert (on_hand(made.product, made.trunk), Transfer.objects.count()) == (5, 0)


def test_it_takes_two(made, theirs):
    offer_id = offer(made, theirs)
    with pytest.raises(AcceptedByTheOfferer):
        accept_offer(offer_id=offer_id, actor=made.actor, now=NOW)


def test_what_was_used_meanwhile_is_not_handed_over(made, theirs):
    offer_id = offer(made, theirs, 3)
    use(made, 4)
    with pytest.raises(NotFreeToSend):
        accept_offer(offer_id=offer_id, actor=OTHER, now=NOW)
    assert (on_hand(made.product, made.trunk), on_hand(made.product, theirs)) == (1, 0)
    assert TransferOffer.objects.get().status == "offered"


def test_a_center_takes_back_what_a_rep_or_a_consignment_returns(made):
    for n, source in enumerate((made.trunk, made.shelf)):
        accept_offer(offer_id=offer(made, made.world.site, source=source, key=f"k{n}"), actor=PLANNER, now=NOW)
    assert on_hand(made.product, made.world.site) == 4
    assert breaches() == []


def test_what_cannot_be_offered_is_named(made, theirs):
    with pytest.raises(TransferToItself):
        offer(made, made.trunk)
    with pytest.raises(NeitherIsInTheField):
        offer(made, SiteFactory(), source=made.world.site)
    with pytest.raises(InvalidInput):
        offer(made, theirs, -1)
    with pytest.raises(InvalidInput):
        offer(made, theirs, hours=0)
    with pytest.raises(SiteIsClosed):
        offer(made, SiteFactory(kind=SiteKind.TRUNK, is_active=False))
    with pytest.raises(NotFound):
        accept_offer(offer_id=0, actor=OTHER, now=NOW)
    mesh, suture = ProductFactory(tracking="lot"), ProductFactory(tracking="lot")
    stock(mesh, made.trunk, 3, lot="M1")
    with pytest.raises(LotOfAnotherProduct):
        offer(made, theirs, product=suture, lot="M1")
    offer_id = offer(made, theirs, product=mesh, lot="M1")
    recall_lot(lot_id=Lot.objects.get(code="M1").pk, reason="Broken seals found", actor=PLANNER, now=NOW)
    with pytest.raises(LotIsRecalled):
        accept_offer(offer_id=offer_id, actor=OTHER, now=NOW)


def test_a_count_in_the_field_that_finds_another_number_is_a_case_of_its_own(made):
    count_id = open_count(site_id=made.trunk.pk, key="c1", actor=made.actor, now=NOW)
    line = CountLine.objects.get(count=count_id)
    record_counts(count_id=count_id, counted={line.pk: Decimal(3)}, actor=made.actor, now=NOW)
    assert post_count(count_id=count_id, actor=made.actor, now=NOW).is_posted
    (case,) = live_cases("consignment_variance")
    assert (case.queue.code, case.money_at_risk, "2 missing" in case.summary) == ("cs", 12, True)
    assert on_hand(made.product, made.trunk) == 3
    assert breaches() == []


def test_a_count_in_the_field_that_agrees_opens_none(made):
    count_id = open_count(site_id=made.shelf.pk, key="c1", actor=made.actor, now=NOW)
    line = CountLine.objects.get(count=count_id)
    record_counts(count_id=count_id, counted={line.pk: Decimal(6)}, actor=made.actor, now=NOW)
    post_count(count_id=count_id, actor=made.actor, now=NOW)
    assert live_cases("consignment_variance") == []
