from rest_framework import exceptions

from api.problem import exception_handler
from core.errors import Busy, FieldError, InvalidInput, NotFound
from core.idempotency import StoredRefusal


def handled(exc):
    return exception_handler(exc, {})


def test_all_that_is_wrong_is_said_at_once_each_with_its_pointer():
    response = handled(
        InvalidInput(
            [
                FieldError("/lines/0/sku", "unknown_product", "No product has the number 'X'.", "Did you mean Y?"),
                FieldError("/lines/3/quantity", "not_a_multiple", "Sold in tens."),
            ]
        )
    )
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert response.data["code"] == "invalid_input"
    assert [e["pointer"] for e in response.data["errors"]] == ["/lines/0/sku", "/lines/3/quantity"]
    assert response.data["errors"][0]["remedy"] == "Did you mean Y?"


def test_busy_says_when_to_come_back_and_is_not_called_out_of_stock():
    response = handled(Busy())
    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert "stock" not in response.data["detail"]


def test_a_refusal_given_again_keeps_its_first_code_and_is_marked():
    stored = {"code": "duplicate_purchase_order", "status": 409, "message": "Known.", "remedy": "Open it.", "data": {}}
    response = handled(StoredRefusal(stored))
    assert response.data["code"] == "duplicate_purchase_order"
    assert response["Idempotency-Replayed"] == "true"


def test_a_serializer_s_nested_errors_become_pointers():
    detail = {"lines": [{}, {"quantity": ["Bad."]}], "non_field_errors": ["Whole."]}
    response = handled(exceptions.ValidationError(detail))
    assert [(e["pointer"], e["detail"]) for e in response.data["errors"]] == [
        ("/lines/1/quantity", "Bad."),
        ("", "Whole."),
    ]


def test_a_fault_tells_nothing_of_its_inside():
    response = handled(RuntimeError("password=hunter2"))
    assert response.status_code == 500
    assert response.data["code"] == "fault"
    assert "hunter2" not in str(response.data)


def test_a_foreign_thing_and_a_missing_one_look_the_same():
    foreign = handled(NotFound(kind="order", ident="7"))
    assert foreign.status_code == 404
    assert foreign.data["code"] == "not_found"
