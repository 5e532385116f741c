"""Asking for goods back: once per external id, never more than was ordered, also when two ask at once."""

from decimal import Decimal

import pytest

from core.errors import InvalidInput
from core.testing import race
from fulfillment.models import Return, ReturnLine
from fulfillment.rules.asks import ReturnLineSpec, ReturnSpec
from fulfillment.services.request_returns import request_returns
from orders.models import OrderLine
from tests.factories.flow import NOW, PICKER, placed, stocked_world


def ask(world, line_id: int, qty: int, name: str):
    spec = ReturnSpec(world.account.pk, name, "changed their mind", (ReturnLineSpec(line_id, Decimal(qty)),))
    return request_returns([spec], actor=PICKER, now=NOW)[0]


def a_line(world) -> int:
    return OrderLine.objects.get(order_id=placed(world, 8)).pk


@pytest.mark.django_db
def test_5_of_8_may_come_back_then_3_more_and_not_a_fourth():
    world = stocked_world()
    line_id = a_line(world)
    ask(world, line_id, 5, "R-1")
    ask(world, line_id, 3, "R-2")
    with pytest.raises(InvalidInput):
        ask(world, line_id, 1, "R-3")
    assert sorted(ReturnLine.objects.values_list("qty", flat=True)) == [3, 5]


@pytest.mark.django_db
def test_the_same_external_id_is_the_same_return():
    world = stocked_world()
    line_id = a_line(world)
    first, again = ask(world, line_id, 5, "R-1"), ask(world, line_id, 5, "R-1")
    assert (again.return_id, again.is_duplicate) == (first.return_id, True)
    assert Return.objects.count() == 1


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_for_all_8_at_once_one_gets_the_return_and_one_a_clean_refusal():
    world = stocked_world()
    line_id = a_line(world)
    answers = race(lambda: ask(world, line_id, 8, "R-1"), lambda: ask(world, line_id, 8, "R-2"))
    assert sorted(type(a).__name__ for a in answers) == ["InvalidInput", "Requested"]
    assert Return.objects.count() == 1


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_the_same_return_asked_twice_at_once_is_one_return_and_no_fault():
    world = stocked_world()
    line_id = a_line(world)
    answers = race(*[lambda: ask(world, line_id, 8, "R-1")] * 2)
    assert sorted(a.is_duplicate for a in answers) == [False, True]
    assert Return.objects.count() == 1
