"""What a scanner or a person typed in: a plain barcode, a GS1 element string (UDI), or some other number.

GS1 application identifiers read: 01 GTIN, 10 lot, 17 expiry (day 00 is the month's last), 21 serial; others are read
over. Written with parentheses, or as scanned: a symbology identifier in front, FNC1 as the group separator (0x1D).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from biip import BiipException
from biip.gs1_messages import GS1Message

from catalog.rules import gtin
from catalog.rules.asks import PartMatch, ProductSnapshot, Scan, ScanRefusal
from catalog.rules.parts import GTIN_LENGTHS

LONGEST = 200
SEPARATOR = "\x1d"
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_STARTS_WITH_GTIN = re.compile(r"^01\d{14}")


@dataclass(frozen=True)
class Reading:
    """`gtin` is empty where the code carries none: then `code` is somebody's own number for a product."""

    code: str
    gtin: str = ""
    lot: str = ""
    expiry_date: date | None = None
    serial: str = ""


def read(code: str) -> Reading | ScanRefusal:
    """The parts of one code, or why it is none."""
    text = code.strip()
    bare = _SYMBOLOGY.sub("", text).lstrip(SEPARATOR)
    if not bare.strip() or len(text) > LONGEST:
        return not_a_barcode(code, f"A code has 1 to {LONGEST} characters.")
    if any(not c.isprintable() and c != SEPARATOR for c in bare):
        return not_a_barcode(code, "It contains characters no barcode has.")
    if bare.startswith("(") or SEPARATOR in bare or bare != text or _STARTS_WITH_GTIN.match(bare):
        return _element_string(code, bare)
    return Reading(text)


def not_a_barcode(code: str, why: str) -> ScanRefusal:
    return ScanRefusal("not_a_barcode", f"{_shown(code)} is not a barcode we can read. {why}", "Scan it again.")


def unknown(reading: Reading) -> ScanRefusal:
    """Why a reading that names no product of ours does not: the likeliest mistake first."""
    if reading.gtin:
        return _unknown_gtin(reading.gtin)
    digits = "".join(c for c in reading.code if c not in " -")
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        return not_a_barcode(reading.code, "It is no product's number either.")
    if wrong := gtin.problem(digits):
        return _bad_check_digit(wrong)
    return _unknown_gtin(digits)


def answer(
    code: str,
    reading: Reading | ScanRefusal,
    match: PartMatch | None,
    products: Mapping[int, ProductSnapshot],
) -> Scan:
    """What is told of one code, given what was found for it."""
    if isinstance(reading, ScanRefusal):
        return Scan(code, refusal=reading)
    product = products.get(match.product_id) if match else None
    carried = Scan(code, gtin=reading.gtin, lot=reading.lot, expiry_date=reading.expiry_date, serial=reading.serial)
    if match is None or product is None:
        return replace(carried, refusal=unknown(reading))
    return replace(carried, product=product, unit=match.unit, how=match.how)


def _element_string(code: str, bare: str) -> Reading | ScanRefusal:
    try:
        message = GS1Message.parse_hri(bare) if bare.startswith("(") else GS1Message.parse(bare)
    except (BiipException, ValueError) as error:
        return not_a_barcode(code, _sentence(str(error)))
    found = {element.ai.ai: element for element in message.element_strings}
    if "01" not in found:
        return not_a_barcode(code, "It has no GTIN (application identifier 01).")
    number = found["01"].value
    if wrong := gtin.problem(number):
        return _bad_check_digit(wrong)
    texts = {ai: found[ai].value if ai in found else "" for ai in ("10", "21")}
    return Reading(code.strip(), number, texts["10"], found["17"].date if "17" in found else None, texts["21"])


def _bad_check_digit(wrong: str) -> ScanRefusal:
    return ScanRefusal("bad_check_digit", wrong, "Scan it again, or type the number under the bars once more.")


def _unknown_gtin(number: str) -> ScanRefusal:
    return ScanRefusal(
        "unknown_gtin", f"No single product has the GTIN {number}.", "Add it to the product or to its packaging."
    )


def _sentence(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:160]).rstrip(".") + "."


def _shown(code: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in code.strip())
    return repr(clean if len(clean) <= 40 else f"{clean[:40]}…")
