from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import codec


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Size(Enum):
    SMALL = 1


@dataclass(frozen=True)
class Part:
    sku: str
    qty: Decimal


@dataclass(frozen=True)
class Whole:
    id: int
    at: datetime
    on: date | None
    colour: Colour
    size: Size
    parts: tuple[Part, ...]
    pair: tuple[int, Decimal]
    by_id: dict[int, Part]
    by_name: dict[str, Decimal]
    tags: frozenset[str]
    is_held: bool
    nothing: None = None


decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
parts = st.builds(Part, sku=st.text(), qty=decimals)
wholes = st.builds(
    Whole,
    id=st.integers(),
    at=st.datetimes(timezones=st.just(UTC)),
    on=st.none() | st.dates(),
    colour=st.sampled_from(Colour),
    size=st.sampled_from(Size),
    parts=st.lists(parts).map(tuple),
    pair=st.tuples(st.integers(), decimals),
    by_id=st.dictionaries(st.integers(), parts),
    by_name=st.dictionaries(st.text(), decimals),
    tags=st.frozensets(st.text()),
    is_held=st.booleans(),
    nothing=st.none(),
)


@given(wholes)
def test_what_is_dumped_loads_as_the_same_value(whole):
    assert codec.load(Whole, codec.dump(whole)) == whole


def test_a_fact_written_before_a_field_existed_still_loads():
    @dataclass(frozen=True)
    class Grown:
        id: int
        note: str = "none yet"

    assert codec.load(Grown, {"id": 1, "gone": True}) == Grown(1)


def test_a_float_has_no_form_here():
    with pytest.raises(TypeError, match="float has no JSON form"):
        codec.dump({"price": 1.5})
