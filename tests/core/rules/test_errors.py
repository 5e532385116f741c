from core.errors import Busy, FieldError, InvalidInput, Refused


class LimitPassed(Refused):
    template = "{asked} is more than {limit}."


def test_a_refusal_has_a_code_a_status_and_words_even_when_a_value_is_missing():
    refusal = LimitPassed(asked=5)
    assert (refusal.code, refusal.status, refusal.message) == ("limit_passed", 409, "5 is more than ?.")
    assert str(refusal) == refusal.message


def test_invalid_input_lists_every_bad_value():
    wrong = InvalidInput([FieldError("/lines/0/qty", "not_a_number", "x is not a number"), FieldError("/po", "a", "b")])
    assert wrong.message == "2 value(s) need attention. x is not a number"
    assert [e.pointer for e in wrong.errors] == ["/lines/0/qty", "/po"]
    assert wrong.status == 422
    assert Busy().code == "busy"
