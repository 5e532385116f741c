"""SSCCs and bar codes against another reader of GS1 numbers and another encoder of bars."""

import random

import pytest
from biip.sscc import Sscc
from reportlab.graphics.barcode.code128 import Code128

from fulfillment.rules import sscc
from fulfillment.rules.code128 import PATTERNS, element, gs1_symbols, human, modules, symbols

FNC1 = "\xf1"


@pytest.mark.parametrize(
    ("digit", "prefix", "serial", "number"),
    [
        ("3", "0614141", 123456789, "306141411234567891"),
        ("1", "0614141", 234567890, "106141412345678908"),
        ("0", "9506000", 1, "095060000000000015"),
    ],
)
def test_an_sscc_ends_in_the_check_digit_gs1_gives(digit, prefix, serial, number):
    assert sscc.sscc(digit, prefix, serial) == number
    assert Sscc.parse(number).value == number


def test_ten_thousand_numbers_in_a_row_are_right_and_all_different():
    found = {sscc.sscc("1", "9506000", n) for n in range(10_000)}
    assert len(found) == 10_000
    for number in random.Random(1).sample(sorted(found), 200):
        assert Sscc.parse(number).value == number


def test_a_prefix_of_12_digits_has_10_000_numbers_and_says_when_they_are_used_up():
    assert len(sscc.sscc("0", "950600012345", 9_999)) == 18
    with pytest.raises(sscc.NumbersUsedUp):
        sscc.sscc("0", "950600012345", 10_000)


@pytest.mark.parametrize(
    "code", ["306141411234567891", "(00)306141411234567891", "]C100306141411234567891", "00306141411234567891"]
)
def test_an_sscc_is_read_however_it_was_scanned(code):
    assert sscc.read(code) == "306141411234567891"


@pytest.mark.parametrize(
    "code", ["306141411234567892", "9506000134352", "", "(01)09506000134352", "30614141123456789²"]
)
def test_what_is_no_sscc_is_none(code):
    assert sscc.read(code) == ""


def test_wikipedia_has_the_check_symbol_its_own_article_gives():
    assert symbols("Wikipedia") == [104, 55, 73, 75, 73, 80, 69, 68, 73, 65, 88, 106]


def test_every_symbol_is_11_modules_of_3_bars_and_no_two_are_alike():
    assert len(set(PATTERNS)) == 106
    assert {sum(map(int, p)) for p in PATTERNS} == {11}
    assert all(sum(map(int, p[::2])) % 2 == 0 for p in PATTERNS)  # the bars of a symbol have an even number of modules


def test_the_bars_of_an_sscc_are_those_another_encoder_draws():
    number = sscc.sscc("0", "9506000", 1)
    other = Code128(f"{FNC1}00{number}")
    other.validate(), other.encode(), other.decompose()
    mine = gs1_symbols([element("00", number)])
    assert mine == other.encoded
    assert mine == [105, 102, 0, 9, 50, 60, 0, 0, 0, 0, 0, 15, 75, 106]
    drawn = modules(mine)
    assert drawn.startswith("11010011100" + "11110101110")  # start C, FNC1
    assert drawn.endswith("1100011101011")
    assert len(drawn) == 13 * 11 + 13


def test_content_with_a_lot_has_a_separator_where_the_length_varies_and_none_where_it_is_fixed():
    parts = [element("02", "09506000134352"), element("37", "12"), element("10", "LOT-7a")]
    assert human(parts) == "(02)09506000134352(37)12(10)LOT-7a"
    assert gs1_symbols(parts).count(102) == 2
    assert _decoded(gs1_symbols(parts)) == f"{FNC1}0209506000134352371{'2'}{FNC1}10LOT-7a"


def test_any_text_is_read_back_as_it_was_written():
    dice = random.Random(7)
    signs = [chr(n) for n in range(32, 127)]
    for _ in range(500):
        text = "".join(dice.choice(signs + list("0123456789") * 8) for _ in range(dice.randint(1, 30)))
        assert _decoded(symbols(text)) == text
        checked = symbols(text)
        assert checked[-2] == (checked[0] + sum(n * v for n, v in enumerate(checked[1:-2], 1))) % 103


def test_a_character_bars_cannot_say_is_refused():
    with pytest.raises(ValueError, match="is no character of a bar code"):
        symbols("Lot 7°")


def _decoded(values: list[int]) -> str:
    """Reads symbols as a scanner does: sets B and C."""
    in_c, text = values[0] == 105, ""
    for value in values[1:-2]:
        if value == 102:
            text += FNC1
        elif in_c and value < 100:
            text += f"{value:02}"
        elif in_c:
            in_c = False
        elif value == 99:
            in_c = True
        else:
            text += chr(value + 32)
    return text
