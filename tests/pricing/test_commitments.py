"""Volume promised on a contract: counted once per document, under a lock."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.actors import Actor
from core.errors import InvalidInput
from core.reference import save_reference
from core.refs import DocumentRef
from core.testing import race, unit
from core.uow import OutsideUnitOfWork
from pricing.models import Commitment
from pricing.services.consume_commitment import consume_commitment
from tests.factories.pricing import CommitmentFactory

ON = date(2026, 11, 22)


def consume(commitment, qty, line=1, on=ON):
    with unit():
        return consume_commitment(
            DocumentRef("order_line", line),
            Decimal(qty),
            source_id=commitment.source_id,
            product_id=commitment.product_id,
            on=on,
        )


@pytest.mark.django_db
def test_40_of_1000_leave_960_and_the_same_line_again_takes_nothing():
    commitment = CommitmentFactory()
    assert consume(commitment, "40") == Decimal(960)
    assert consume(commitment, "40") == Decimal(960)
    assert consume(commitment, "10", line=2) == Decimal(950)
    commitment.refresh_from_db()
    assert commitment.consumed_qty == Decimal(50)


@pytest.mark.django_db
def test_outside_the_period_there_is_nothing_to_count():
    commitment = CommitmentFactory()
    assert consume(commitment, "40", on=date(2027, 1, 1)) is None
    commitment.refresh_from_db()
    assert commitment.consumed_qty == 0


@pytest.mark.django_db
def test_it_refuses_to_run_outside_a_unit_of_work():
    with pytest.raises(OutsideUnitOfWork):
        consume_commitment(DocumentRef("order_line", 1), Decimal(1), source_id=1, product_id=1, on=ON)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_eight_lines_at_once_are_all_counted():
    commitment = CommitmentFactory()
    race(*(lambda i=i: consume(commitment, "10", line=i) for i in range(8)))
    commitment.refresh_from_db()
    assert commitment.consumed_qty == Decimal(80)


@pytest.mark.django_db
@pytest.mark.parametrize("is_money", [False, True])
def test_two_volumes_of_the_same_thing_and_time_are_refused_and_both_named(is_money):
    there = CommitmentFactory()
    about = there.product.sku
    if is_money:
        Commitment.objects.filter(pk=there.pk).update(
            product=None, measure="money", committed_qty=0, committed_amount=Decimal(9_000)
        )
        about = "everything"
    again = Commitment.objects.get(pk=there.pk)
    again.pk, again._state.adding = None, True
    again.valid_from, again.valid_to = date(2026, 6, 1), date(2027, 6, 1)
    clerk = Actor("Priya Pricing", roles=frozenset({"pricing"}), channel="console")
    with pytest.raises(InvalidInput) as refused:
        save_reference(row=again, actor=clerk, now=datetime(2026, 6, 1, tzinfo=UTC))
    first = f"The volume promised on {there.source.code} of {about}"
    assert [e.message for e in refused.value.errors] == [
        f"{first}, from 2026-06-01 until 2027-06-01 overlaps {first}, from {there.valid_from} until {there.valid_to}:"
        " end that one first."
    ]
