from dataclasses import dataclass
from decimal import Decimal
from threading import Event

import pytest

from core.errors import FieldError, InvalidInput, Refused
from core.idempotency import Claim, KeyInvalid, KeyReused, Once, StoredRefusal, hash_body, run_once
from core.models import IdempotencyKey, NumberSeries
from core.testing import race
from core.uow import door_verb


@dataclass(frozen=True)
class Deposited:
    total: int
    amount: Decimal


class TooMuch(Refused):
    template = "{amount} is too much."
    remedy_template = "Take less."


@door_verb
def deposit(*, amount: int) -> Deposited:
    if amount > 100:
        raise TooMuch(amount=amount)
    if amount < 0:
        raise InvalidInput([FieldError("/amount", "negative", "An amount is positive.")])
    if amount == 13:
        raise ZeroDivisionError
    series, _ = NumberSeries.objects.get_or_create(code="till", defaults={"next_value": 0})
    series.next_value += amount
    series.save()
    return Deposited(series.next_value, Decimal(amount))


def claim(key: str = "k", body: object = "same") -> Claim:
    return Claim("deposit", "user:7", key, hash_body(body))


@pytest.mark.django_db
def test_the_same_key_gives_the_first_answer_again_and_acts_once():
    first = run_once(claim(), deposit, amount=5)
    again = run_once(claim(), deposit, amount=5)
    assert first == Once(Deposited(5, Decimal(5)), replayed=False)
    assert again == Once(Deposited(5, Decimal(5)), replayed=True)
    assert NumberSeries.objects.get().next_value == 5


@pytest.mark.django_db
def test_other_owners_and_other_scopes_have_keys_of_their_own():
    run_once(claim(), deposit, amount=5)
    run_once(Claim("deposit", "user:8", "k", "h"), deposit, amount=5)
    assert NumberSeries.objects.get().next_value == 10


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused_and_the_first_answer_stays():
    run_once(claim(body={"amount": 5}), deposit, amount=5)
    with pytest.raises(KeyReused) as refusal:
        run_once(claim(body={"amount": 6}), deposit, amount=6)
    assert refusal.value.status == 422
    assert run_once(claim(body={"amount": 5}), deposit, amount=5).result.total == 5


@pytest.mark.django_db
def test_a_refusal_is_kept_and_told_again_with_its_first_code_and_words():
    with pytest.raises(TooMuch):
        run_once(claim(), deposit, amount=101)
    with pytest.raises(StoredRefusal) as again:
        run_once(claim(), deposit, amount=101)
    told = again.value
    assert (told.code, told.status, told.message, told.remedy) == ("too_much", 409, "101 is too much.", "Take less.")
    assert told.data == {"amount": 101}
    assert not NumberSeries.objects.exists()


@pytest.mark.django_db
def test_the_bad_values_of_a_refusal_are_kept_too():
    with pytest.raises(InvalidInput):
        run_once(claim(), deposit, amount=-1)
    with pytest.raises(StoredRefusal) as again:
        run_once(claim(), deposit, amount=-1)
    assert [(e.pointer, e.code) for e in again.value.errors] == [("/amount", "negative")]


@pytest.mark.django_db
def test_a_fault_is_not_kept_so_the_key_may_be_tried_again():
    with pytest.raises(ZeroDivisionError):
        run_once(claim(), deposit, amount=13)
    assert not IdempotencyKey.objects.exists()
    assert run_once(claim(), deposit, amount=12).replayed is False


@pytest.mark.django_db
def test_the_key_guards_one_call_only():
    run_once(claim(), deposit, amount=5)
    deposit(amount=5)
    assert NumberSeries.objects.get().next_value == 10
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_1_to_200_characters(key):
    with pytest.raises(KeyInvalid):
        run_once(claim(key), deposit, amount=1)


@pytest.mark.django_db(transaction=True)
def test_a_twin_waits_for_the_first_and_gets_its_answer():
    NumberSeries.objects.create(code="till", next_value=0)
    first_is_inside = Event()
    ran: list[str] = []

    @door_verb
    def slow(*, who: str) -> Deposited:
        ran.append(who)
        first_is_inside.set()
        Event().wait(0.3)  # the twin's INSERT waits for this long
        NumberSeries.objects.filter(code="till").update(next_value=1)
        return Deposited(1, Decimal(1))

    def twin() -> object:
        assert first_is_inside.wait(timeout=5)
        return run_once(claim(), slow, who="twin")

    first, second = race(lambda: run_once(claim(), slow, who="first"), twin)
    assert first == Once(Deposited(1, Decimal(1)), replayed=False)
    assert second == Once(Deposited(1, Decimal(1)), replayed=True)
    assert ran == ["first"]
