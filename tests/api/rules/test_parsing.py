from decimal import Decimal

import pytest

from api.parsing import load
from api.problem import MalformedBody


def test_a_number_stays_exact_and_never_becomes_a_float():
    assert load(b'{"quantity": 0.1}') == {"quantity": Decimal("0.1")}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"lines": [', "Expecting value at line 1, column 12"),
        (b'{"a": 1,\n "b" 2}', "at line 2, column 6"),
        (b"\xff\xfe{}", "byte 0 is not UTF-8"),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b'{"sku": "A", "sku": "B"}', "the key 'sku' appears twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "digit"),
    ],
)
def test_what_is_not_json_is_refused_with_the_place(raw, why):
    with pytest.raises(MalformedBody, match=why):
        load(raw)


def test_a_byte_order_mark_is_forgiven():
    assert load(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
