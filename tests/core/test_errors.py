"""What a refusal says to a person: a line for everything that is wrong, each with what mends it."""

from core.errors import FieldError, InvalidInput, Refused
from core.idempotency import StoredRefusal


class NoRoom(Refused):
    template = "Bin {bin} is full."
    remedy_template = "Choose another bin."


def test_one_refusal_is_one_line_with_its_remedy() -> None:
    refusal = NoRoom(bin="A-7")
    assert refusal.in_words == "Bin A-7 is full. Choose another bin."
    assert refusal.each_in_words == ("Bin A-7 is full. Choose another bin.",)
    assert refusal.errors == ()


def test_a_refusal_without_a_remedy_ends_without_a_blank() -> None:
    assert Refused().in_words == "The request was refused."


def test_bad_values_are_a_line_each_and_do_not_repeat_how_many_they_are() -> None:
    refusal = InvalidInput(
        [
            FieldError("/qty", "negative", "A quantity is positive.", "Enter 1 or more."),
            FieldError("/sku", "unknown", "There is no X."),
        ]
    )
    assert refusal.each_in_words == ("A quantity is positive. Enter 1 or more.", "There is no X.")
    assert refusal.in_words == "2 value(s) need attention. A quantity is positive."


def test_a_refusal_told_again_by_its_key_says_the_same_lines() -> None:
    wrong = {"pointer": "/qty", "code": "negative", "message": "A quantity is positive.", "remedy": "Enter 1 or more."}
    stored = {
        "code": "invalid_input",
        "status": 422,
        "message": "1 value(s) need attention.",
        "remedy": "",
        "data": {},
        "errors": [wrong],
    }
    assert StoredRefusal(stored).each_in_words == ("A quantity is positive. Enter 1 or more.",)
