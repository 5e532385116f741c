"""Refusals: named facts with data. The service says what is so; the door finds the words and the status.

Every error has a stable `code` (snake case, derived from the class name), a `data` dict of plain values, a
one-line `message` and, where somebody can act, a `remedy`. Doors never parse messages.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


def _code_of(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class FieldError:
    """One bad value: `pointer` is a JSON Pointer (`/lines/3/quantity`) or a row and column (`row 7, qty`)."""

    pointer: str
    code: str
    message: str
    remedy: str = ""

    @property
    def in_words(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class DomainError(Exception):
    """Base of everything the product refuses on purpose. Subclass it beside the verb that raises it.

    `errors` are the single bad values, where there are any (see InvalidInput)."""

    code: ClassVar[str] = "domain_error"
    status: ClassVar[int] = 409
    template: ClassVar[str] = "The request was refused."
    remedy_template: ClassVar[str] = ""
    errors: tuple[FieldError, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = _code_of(cls.__name__)

    def __init__(self, **data: Any) -> None:
        self.data = data
        super().__init__(self.message)

    @property
    def message(self) -> str:
        return self.template.format_map(_Blanks(self.data))

    @property
    def remedy(self) -> str:
        return self.remedy_template.format_map(_Blanks(self.data))

    @property
    def in_words(self) -> str:
        """What is so and what mends it, in one line for a person."""
        return f"{self.message} {self.remedy}".strip()

    @property
    def each_in_words(self) -> tuple[str, ...]:
        """A line for everything that is wrong; where one thing was refused, one line."""
        return tuple(e.in_words for e in self.errors) or (self.in_words,)


class _Blanks(dict[str, Any]):
    """Lets a template name a value the raiser did not have: the words come out, the error is not masked."""

    def __missing__(self, key: str) -> str:
        return "?"


class Refused(DomainError):
    """A business rule said no.

    The caller's data is fine; the answer would be the same until something changes.
    """

    status = 409


class NotPermitted(DomainError):
    status = 403
    template = "{actor} may not {verb}."
    remedy_template = "Ask someone with the role {roles}."


class NotFound(DomainError):
    """Also what a caller sees of another customer's object: existence is not disclosed."""

    status = 404
    template = "No {kind} {ident} is visible to you."


class Busy(DomainError):
    """Somebody else holds the rows for now. Never means "out of stock": retry with the same key."""

    status = 409
    template = "The records are being changed by someone else."
    remedy_template = "Try again in a moment with the same idempotency key."
    retry_after_seconds: ClassVar[int] = 1


class Stale(DomainError):
    status = 412
    template = "The {kind} changed since you read it (yours {given}, now {current})."
    remedy_template = "Read it again and repeat the change."


class InvalidInput(DomainError):
    """All that is wrong with the input at once, each with where it stands and what mends it."""

    status = 422
    template = "{count} value(s) need attention."

    def __init__(self, errors: Sequence[FieldError], **data: Any) -> None:
        self.errors = tuple(errors)
        super().__init__(count=len(self.errors), **data)

    @property
    def message(self) -> str:
        first = self.errors[0].message if self.errors else ""
        return f"{super().message} {first}".strip()
