"""What is wrong with accounts, ship-tos and people about to be made: everything at once, each with where it stands."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from accounts.rules.asks import AccountSpec, ShipToSpec
from accounts.states import AccountStatus, Role
from core.errors import FieldError
from core.money import KEEP_ANOTHER, is_kept, not_kept

_BORN = (AccountStatus.ACTIVE, AccountStatus.PROSPECT)


def account_problems(specs: Sequence[AccountSpec]) -> list[FieldError]:
    return [problem for row, spec in enumerate(specs) for problem in _account(f"/{row}", spec)]


def ship_to_problems(spec: ShipToSpec) -> list[FieldError]:
    return [
        *_text("/code", spec.code, 40),
        *_text("/name", spec.name, 200),
        *_zone("/time_zone", spec.time_zone),
        *_when(
            bool(spec.gln) and bool(identifier_problem("gln", spec.gln)),
            "/gln",
            "gln",
            identifier_problem("gln", spec.gln),
        ),
        *_window(spec),
        *_when(not is_country(spec.country), "/country", "country", unknown_country(spec.country)),
    ]


def role_problems(roles: Iterable[str]) -> list[FieldError]:
    unknown = sorted(set(roles) - set(Role))
    return list(_when(bool(unknown), "/roles", "unknown_role", f"Unknown role: {', '.join(unknown)}."))


def person_problems(*, email: str, time_zone: str, roles: Iterable[str]) -> list[FieldError]:
    return [
        *_when("@" not in email.strip("@ "), "/email", "email", f"{email!r} is not an e-mail address."),
        *_zone("/time_zone", time_zone),
        *role_problems(roles),
    ]


def _account(at: str, spec: AccountSpec) -> Iterator[FieldError]:
    yield from _text(f"{at}/code", spec.code, 40)
    yield from _text(f"{at}/name", spec.name, 200)
    yield from _zone(f"{at}/time_zone", spec.time_zone)
    if problem := currency_problem(spec.currency):
        yield FieldError(f"{at}/currency", "currency", *problem)
    born = f"An account starts active or as a prospect, not {spec.status}."
    yield from _when(spec.status not in _BORN, f"{at}/status", "status", born)


def _window(spec: ShipToSpec) -> Iterator[FieldError]:
    opens, closes = spec.delivery_from, spec.delivery_to
    days = f"Days of the week are 0 (Monday) to 6, not {list(spec.delivery_days)}."
    yield from _when(not set(spec.delivery_days) <= set(range(7)), "/delivery_days", "weekday", days)
    half = "A delivery window has a start and an end, or neither."
    yield from _when((opens is None) != (closes is None), "/delivery_to", "window", half)
    backwards = f"The window ends ({closes}) before it starts ({opens})."
    yield from _when(bool(opens and closes and closes <= opens), "/delivery_to", "window", backwards)


def _text(at: str, value: str, longest: int) -> Iterator[FieldError]:
    yield from _when(not value.strip(), at, "required", "This may not be empty.")
    yield from _when(len(value.strip()) > longest, at, "too_long", f"This may have at most {longest} characters.")
    yield from _when("\x00" in value, at, "invalid", "This contains a null character.")


def _zone(at: str, name: str) -> Iterator[FieldError]:
    yield from _when(not is_time_zone(name), at, "time_zone", unknown_time_zone(name))


def unknown_time_zone(name: str) -> str:
    return f"{name!r} is not a time zone like Europe/Berlin."


_SHAPES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "gln": (re.compile(r"\d{13}"), "13 digits"),
    "dea": (re.compile(r"[A-Z][A-Z9]\d{7}"), "two letters and 7 digits, such as BH1234563"),
    "hin": (re.compile(r"[A-Z0-9]{7}([A-Z0-9]{2})?"), "7 or 9 letters and digits"),
    "340b": (re.compile(r"[A-Z0-9][A-Z0-9/-]{2,39}"), "letters and digits, such as DSH050123"),
}


def identifier_problem(kind: str, value: str) -> str:
    """What is wrong with a proof of membership, or nothing: its shape, and the check digit of a GLN or a DEA number."""
    pattern, shape = _SHAPES.get(kind, (re.compile(r"\S.*"), "not empty"))
    if not pattern.fullmatch(value):
        return f"{value!r} is no {kind.upper()}: that is {shape}."
    right = _CHECK_DIGITS[kind](value) if kind in _CHECK_DIGITS else value[-1]
    return "" if value[-1] == right else f"{value!r} is no {kind.upper()}: its last digit should be {right}. Mistyped?"


def _gln_digit(number: str) -> str:
    """GS1: weights 1 and 3 from the left, up to the next ten."""
    return str(-sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(number[:12])) % 10)


def _dea_digit(number: str) -> str:
    """The first, third and fifth digit, and twice the second, fourth and sixth: the sum's last digit."""
    digits = [int(digit) for digit in number[2:8]]
    return str((sum(digits[0::2]) + 2 * sum(digits[1::2])) % 10)


_CHECK_DIGITS = {"gln": _gln_digit, "dea": _dea_digit}


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown name, a malformed one, the name of a folder
        return False
    return True


def is_currency(code: str) -> bool:
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def currency_problem(code: str) -> tuple[str, str] | None:
    """What is wrong with a currency to keep books in, and what to do."""
    if not is_currency(code):
        return unknown_currency(code), "Write three capital letters."
    return None if is_kept(code) else (not_kept(code), KEEP_ANOTHER)


def unknown_currency(code: str) -> str:
    return f"{code!r} is not a currency code like USD."


def is_country(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()


def unknown_country(code: str) -> str:
    return f"{code!r} is not a two-letter country code like US."


def _when(wrong: bool, at: str, code: str, message: str) -> Iterator[FieldError]:
    if wrong:
        yield FieldError(at, code, message)
