"""GTINs (GS1 General Specifications 7.9): 8, 12, 13 or 14 digits, the last of which checks the others."""

from catalog.rules.parts import GTIN_LENGTHS


def check_digit(body: str) -> str:
    """The last digit of the number that starts with `body`: the weights are 3, 1, 3 … from the right."""
    total = sum(int(digit) * (3 if n % 2 == 0 else 1) for n, digit in enumerate(reversed(body)))
    return str(-total % 10)


def problem(code: str) -> str:
    """What is wrong with `code` as a GTIN, in words; empty when it is one."""
    if not (code.isascii() and code.isdigit() and len(code) in GTIN_LENGTHS):
        return f"{code[:20]!r} is not a GTIN of 8, 12, 13 or 14 digits."
    expected = check_digit(code[:-1])
    if code[-1] != expected:
        return f"The check digit of the GTIN {code} is wrong: it ends in {code[-1]}, the others give {expected}."
    if not code.strip("0"):
        return "A GTIN is not all zeros."
    return ""
