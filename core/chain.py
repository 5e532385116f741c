"""The hash chain as plain values: what its links must be, and what is wrong with links that are not.

Link n seals one entry together with the hash of link n − 1. Whoever can write the tables could seal everything anew from
some link on: only a head that was kept elsewhere tells that.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True)
class Link:
    """A seal with the entry it is about, as text; `body` None: the entry is gone."""

    position: int
    entry_id: int
    previous_hash: str
    hash: str
    body: str | None


@dataclass(frozen=True)
class Head:
    """The end of the chain at some time: how many links there were, and the hash of the last."""

    position: int
    hash: str


def digest(previous: str, body: str) -> str:
    return hashlib.sha256(f"{previous}{body}".encode()).hexdigest()


class Walk:
    """Goes through the links in order of position; afterwards says what it found."""

    def __init__(self, kept: Head | None = None) -> None:
        self.count, self.head = 0, GENESIS
        self.problems: list[str] = []
        self._kept = kept
        self._seen_kept = kept is None or (kept.position == 0 and kept.hash == GENESIS)

    def over(self, links: Iterable[Link]) -> "Walk":
        expected = 1
        for link in links:
            if link.position != expected:
                self.problems.append(f"seal {expected} is missing")
            self.problems += _wrong(link, self.head)
            self.head, self.count, expected = link.hash, link.position, link.position + 1
            if self._kept is not None and link.hash == self._kept.hash:
                self._seen_kept = self._kept.position in (0, link.position)
        if not self._seen_kept and self._kept is not None:
            self.problems.append(
                f"the exported head {self._kept.hash[:12]}… is no longer in the chain: its end was cut off or sealed anew"
            )
        return self


def _wrong(link: Link, previous: str) -> Iterator[str]:
    if link.previous_hash != previous:
        yield f"seal {link.position} does not continue the chain"
    if link.body is None:
        yield f"override {link.entry_id} was deleted after it was sealed"
    elif link.hash != digest(link.previous_hash, link.body):
        yield f"override {link.entry_id} was changed after it was sealed"
