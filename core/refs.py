"""A document's kind, id and number, and how to show it, without importing the room that owns it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentRef:
    """Points at any document: `kind` is "order", "shipment", "account" …; `id` its primary key; `number`
    for people.
    """

    kind: str
    id: int
    number: str = ""

    def __str__(self) -> str:
        return f"{label(self.kind)} {self.number or self.id}"


@dataclass(frozen=True)
class _Kind:
    label: str
    url: Callable[[int], str] | None


_kinds: dict[str, _Kind] = {}


def register(kind: str, label: str, url: Callable[[int], str] | None = None) -> None:
    """Called once by the owning room's AppConfig.ready(). `url(id)` is the console page."""
    _kinds[kind] = _Kind(label, url)


def label(kind: str) -> str:
    return _kinds[kind].label if kind in _kinds else kind.replace("_", " ").capitalize()


def url_of(ref: DocumentRef) -> str:
    """The console page of the document; empty where the kind has none."""
    found = _kinds.get(ref.kind)
    return found.url(ref.id) if found and found.url else ""


def kinds() -> list[str]:
    return sorted(_kinds)
