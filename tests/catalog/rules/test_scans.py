"""Codes as scanners send them: what each carries, and why some are none."""

from datetime import date

import pytest

from catalog.rules import gtin
from catalog.rules.scans import Reading, read, unknown

GTIN = "00012345678905"


@pytest.mark.parametrize(
    "code",
    [
        f"(01){GTIN}(17)260731(10)AB1(21)S9",
        f"(01){GTIN}(17)260700(10)AB1(21)S9",  # day 00 is the month's last
        f"01{GTIN}1726070010AB1\x1d21S9",
        f"]d201{GTIN}1726070010AB1\x1d21S9",
        f"\x1d01{GTIN}1726070010AB1\x1d21S9",
        f"]C101{GTIN}21S9\x1d1726073110AB1",
        f"01{GTIN}17260731112601013012\x1d10AB1\x1d21S9",  # a production date and a count besides
    ],
)
def test_a_gs1_code_gives_gtin_lot_expiry_and_serial(code):
    found = read(code)
    assert (found.gtin, found.lot, found.expiry_date, found.serial) == (GTIN, "AB1", date(2026, 7, 31), "S9")


def test_february_ends_on_its_own_last_day():
    assert read(f"(01){GTIN}(17)280200").expiry_date == date(2028, 2, 29)
    assert read(f"(01){GTIN}(17)270200").expiry_date == date(2027, 2, 28)


@pytest.mark.parametrize("code", ["12345670", "012345678905", "SKU-7", "their (big) one"])
def test_any_other_code_is_a_number_to_be_looked_up(code):
    assert read(f" {code} ") == Reading(code)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "not_a_barcode"),
        ("x" * 201, "not_a_barcode"),
        ("a\x07b", "not_a_barcode"),
        ("(01)123", "not_a_barcode"),
        ("(10)AB1", "not_a_barcode"),
        (f"(01){GTIN}(17)261340", "not_a_barcode"),
        (f"(01){GTIN}(17)260231", "not_a_barcode"),
        ("(01)00012345678906", "bad_check_digit"),
        ("0100012345678906", "bad_check_digit"),
        ("]d2", "not_a_barcode"),
    ],
)
def test_a_code_that_cannot_be_read_says_why(code, why):
    refusal = read(code)
    assert refusal.code == why
    assert refusal.message.isprintable() and refusal.remedy


def test_what_is_looked_up_in_vain_says_why():
    assert unknown(Reading("00012345678906")).code == "bad_check_digit"
    assert unknown(Reading("00012345678906")).message == (
        "The check digit of the GTIN 00012345678906 is wrong: it ends in 6, the others give 5."
    )
    assert unknown(Reading(GTIN)).code == "unknown_gtin"
    assert unknown(Reading("x", GTIN)).code == "unknown_gtin"
    assert unknown(Reading("SKU-7")).code == "not_a_barcode"


@pytest.mark.parametrize("code", ["12345670", "012345678905", "4006381333931", "10012345678902"])
def test_a_right_check_digit_is_right_and_the_nine_others_wrong(code):
    endings = [d for d in "0123456789" if not gtin.problem(code[:-1] + d)]
    assert endings == [code[-1]]


@pytest.mark.parametrize("code", ["", "12", "1234567890", "0000000000000", "١٢٣٤٥٦٧٠", "-2345670"])
def test_what_is_no_gtin_is_refused(code):
    assert gtin.problem(code)
