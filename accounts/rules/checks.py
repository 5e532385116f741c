"""What is wrong with accounts, ship-tos and people about to be made: everything at once, each with where it stands."""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from accounts.rules.asks import AccountSpec, ShipToSpec
from accounts.states import AccountStatus, Role
from core.errors import FieldError

_BORN = (AccountStatus.ACTIVE, AccountStatus.PROSPECT)


def account_problems(specs: Sequence[AccountSpec]) -> list[FieldError]:
    return [problem for row, spec in enumerate(specs) for problem in _account(f"/{row}", spec)]


def ship_to_problems(spec: ShipToSpec) -> list[FieldError]:
    return [
        *_text("/code", spec.code, 40),
        *_text("/name", spec.name, 200),
        *_zone("/time_zone", spec.time_zone),
        *_when(len(spec.country) != 2, "/country", "country", f"{spec.country!r} is not a two-letter country code."),
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
    is_code = len(spec.currency) == 3 and spec.currency.isascii() and spec.currency.isupper()
    yield from _when(not is_code, f"{at}/currency", "currency", f"{spec.currency!r} is not a currency code like USD.")
    born = f"An account starts active or as a prospect, not {spec.status}."
    yield from _when(spec.status not in _BORN, f"{at}/status", "status", born)


def _text(at: str, value: str, longest: int) -> Iterator[FieldError]:
    yield from _when(not value.strip(), at, "required", "This may not be empty.")
    yield from _when(len(value.strip()) > longest, at, "too_long", f"This may have at most {longest} characters.")
    yield from _when("\x00" in value, at, "invalid", "This contains a null character.")


def _zone(at: str, name: str) -> Iterator[FieldError]:
    yield from _when(not is_time_zone(name), at, "time_zone", f"{name!r} is not a time zone like Europe/Berlin.")


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown name, a malformed one, the name of a folder
        return False
    return True


def _when(wrong: bool, at: str, code: str, message: str) -> Iterator[FieldError]:
    if wrong:
        yield FieldError(at, code, message)
