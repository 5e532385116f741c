"""A document's kind, id and number, and how to show it, without importing the room that owns it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace


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
    numbers: Callable[[Collection[int]], Mapping[int, str]] | None


_kinds: dict[str, _Kind] = {}


def register(
    kind: str,
    label: str,
    url: Callable[[int], str] | None = None,
    numbers: Callable[[Collection[int]], Mapping[int, str]] | None = None,
) -> None:
    """Called once by the owning room's AppConfig.ready(). `url(id)` is the console page, `numbers(ids)` what people
    call the documents: one statement.
    """
    _kinds[kind] = _Kind(label, url, numbers)


def numbered(refs: Iterable[DocumentRef]) -> list[DocumentRef]:
    """The same with their numbers, where the kind knows them; a statement per kind."""
    refs = list(refs)
    known: dict[str, Mapping[int, str]] = {}
    for kind in {r.kind for r in refs if not r.number and r.kind in _kinds}:
        if ask := _kinds[kind].numbers:
            known[kind] = ask({r.id for r in refs if r.kind == kind and not r.number})
    return [replace(r, number=r.number or known.get(r.kind, {}).get(r.id, "")) for r in refs]


def label(kind: str) -> str:
    return _kinds[kind].label if kind in _kinds else kind.replace("_", " ").capitalize()


def url_of(ref: DocumentRef) -> str:
    """The console page of the document; empty where the kind has none."""
    found = _kinds.get(ref.kind)
    return found.url(ref.id) if found and found.url else ""


def kinds() -> list[str]:
    return sorted(_kinds)
