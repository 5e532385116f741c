"""Cursor pages: an opaque place in the list, so that a page neither repeats nor skips when orders arrive meanwhile."""

import base64
import binascii
from collections.abc import Mapping

from api.problem import BadParameter

LARGEST_PAGE = 200
USUAL_PAGE = 50
LONGEST_ID = 18  # digits; a bigint has room for every number of them


def read_cursor(params: Mapping[str, str]) -> int | None:
    """The id after which the page starts (the list runs from the newest down)."""
    given = params.get("cursor", "")
    if not given:
        return None
    try:
        place = base64.urlsafe_b64decode(given.encode() + b"==").decode().removeprefix("before:")
    except (ValueError, binascii.Error):
        place = ""
    if not place.isdecimal() or len(place) > LONGEST_ID:
        raise BadParameter(name="cursor", given=given[:40], expected="Send `next` of the page before, unchanged.")
    return int(place)


def write_cursor(last_id: int) -> str:
    return base64.urlsafe_b64encode(f"before:{last_id}".encode()).decode().rstrip("=")


def read_limit(params: Mapping[str, str]) -> int:
    given = params.get("limit", str(USUAL_PAGE))
    if not given.isdecimal() or len(given) > 3 or not 1 <= int(given) <= LARGEST_PAGE:
        raise BadParameter(name="limit", given=given[:40], expected=f"Send a number from 1 to {LARGEST_PAGE}.")
    return int(given)
