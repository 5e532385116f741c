"""Reading a request's body: JSON only, at most 2 MB, numbers exact (never a float), no key twice."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from django.conf import settings
from rest_framework.parsers import JSONParser

from api.problem import BodyTooLarge, MalformedBody


class ExactJSONParser(JSONParser):
    """JSON with decimals as Decimal. Raises MalformedBody and BodyTooLarge."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise BodyTooLarge(limit=f"{limit:,}")
        return load(raw)


def load(raw: bytes) -> Any:
    """The JSON value of `raw`. Raises MalformedBody with the line and column of the first fault."""
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except UnicodeDecodeError as bad:
        raise MalformedBody(why=f"byte {bad.start} is not UTF-8") from None
    except json.JSONDecodeError as bad:
        raise MalformedBody(why=f"{bad.msg} at line {bad.lineno}, column {bad.colno}") from None
    except RecursionError:
        raise MalformedBody(why="it is nested too deeply") from None
    except ValueError as bad:  # an integer of thousands of digits
        raise MalformedBody(why=str(bad)) from None


def _no_constant(name: str) -> NoReturn:
    raise MalformedBody(why=f"{name} is not a JSON value")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(n for n in names if names.count(n) > 1)
        raise MalformedBody(why=f"the key {twin!r} appears twice in one object")
    return found
