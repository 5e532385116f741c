"""Which ship-to an identifier on a document means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Named:
    """A ship-to and the names it goes by."""

    id: int
    account_id: int
    code: str
    edi_code: str = ""
    gln: str = ""


def match(wanted: Iterable[tuple[int, str]], ship_tos: Iterable[Named]) -> Mapping[tuple[int, str], int]:
    """{(account_id, identifier): ship_to_id}, whatever the case: the EDI code wins over the GLN, the GLN over our
    code. Two ship-tos that go by the same name at the winning level match nothing: goods must not go to a guess.
    """
    levels: tuple[dict[tuple[int, str], set[int]], ...] = ({}, {}, {})
    for place in ship_tos:
        for level, name in zip(levels, (place.edi_code, place.gln, place.code), strict=True):
            if name:
                level.setdefault((place.account_id, fold(name)), set()).add(place.id)
    found: dict[tuple[int, str], int] = {}
    for account_id, identifier in wanted:
        ids = next((ids for level in levels if (ids := level.get((account_id, fold(identifier))))), set())
        if len(ids) == 1:
            (found[account_id, identifier],) = ids
    return found


def fold(name: str) -> str:
    return name.strip().upper()
