"""The serial shipping container code (GS1 General Specifications, AI 00): extension digit, company prefix, serial
reference, check digit; 18 digits in all, never given twice."""

from catalog.rules.gtin import check_digit

LENGTH = 18
LONGEST_CODE = 22  # as scanned: a symbology identifier, the AI, the number
AI = "00"


class NumbersUsedUp(ValueError):
    """The serial references of a prefix are used up: another extension digit or prefix is due."""


def sscc(extension_digit: str, company_prefix: str, serial: int) -> str:
    """18 digits. Raises NumbersUsedUp."""
    width = LENGTH - 1 - len(extension_digit) - len(company_prefix)
    reference = str(serial)
    if serial < 0 or len(reference) > width:
        raise NumbersUsedUp(f"{extension_digit} {company_prefix} has no serial reference {serial}")
    body = f"{extension_digit}{company_prefix}{reference.zfill(width)}"
    return body + check_digit(body)


def read(code: str) -> str:
    """The SSCC in what was scanned or typed ("(00)…", "]C100…", the bare 18 digits); empty where it is none."""
    text = "".join(c for c in code.strip().removeprefix("]C1") if c not in "() -")
    if len(text) == LENGTH + len(AI) and text.startswith(AI):
        text = text[len(AI) :]
    is_right = len(text) == LENGTH and text.isascii() and text.isdigit() and check_digit(text[:-1]) == text[-1]
    return text if is_right else ""


def shown(code: str) -> str:
    """For people, under the bars: "(00) 0 9506000 000000001 7" without knowing the prefix's length: in groups of four."""
    return f"({AI}) " + " ".join(code[n : n + 4] for n in range(0, len(code), 4))
