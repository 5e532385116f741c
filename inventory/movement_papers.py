"""Which document a movement came from, in words, and where to look at it. Not every movement has a document of its own:
a receipt by hand or a correction is told by what it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core import refs, sql
from core.refs import DocumentRef
from inventory.models import Lot, StockCount
from inventory.states import MovementKind

WORDS = {
    ("manual_receipt", MovementKind.RECEIPT): "Receipt by hand",
    ("opening_stock", MovementKind.RECEIPT): "Opening stock",
    ("stock_balance", MovementKind.ADJUST): "Correction",
    ("stock_balance", MovementKind.COUNT): "Stock snapshot",
    ("status_change", MovementKind.STATUS): "Status changed by hand",
    ("scrap", MovementKind.SCRAP): "Scrapped by hand",
}
LABELS = {"receipt_file": "Receipt"}
_CLAIMS = """
    SELECT c.id, d.ref_kind, d.ref_id, d.ref_number
    FROM inventory_claim c JOIN inventory_demand d ON d.id = c.demand_id WHERE c.id = ANY(%(ids)s::bigint[])"""


@dataclass(frozen=True)
class Source:
    """What a movement says of where it came from."""

    kind: str
    source_kind: str
    source_id: int
    reason: str = ""


@dataclass(frozen=True)
class Paper:
    """`ref` is a document with a page; None: the movement's own page is all there is to look at."""

    words: str
    ref: DocumentRef | None = None

    @property
    def url(self) -> str:
        return refs.url_of(self.ref) if self.ref else ""


def papers_of(sources: Sequence[Source]) -> list[Paper]:
    """One for each, in order: a statement per kind of document, whatever the number of movements."""
    claims = {s.source_id for s in sources if s.source_kind == "claim"}
    held = {pk: DocumentRef(*ref) for pk, *ref in sql.rows(_CLAIMS, {"ids": sorted(claims)})} if claims else {}
    named = refs.numbered(
        held.get(s.source_id, DocumentRef("", 0))
        if s.source_kind == "claim"
        else DocumentRef(s.source_kind, s.source_id)
        for s in sources
    )
    return [_paper(source, ref) for source, ref in zip(sources, named, strict=True)]


def count_numbers(ids: Collection[int]) -> dict[int, str]:
    """{count: its number}. One statement."""
    return dict(StockCount.objects.filter(pk__in=ids).values_list("id", "number"))


def lot_codes(ids: Collection[int]) -> dict[int, str]:
    """{lot: its code}. One statement."""
    return dict(Lot.objects.filter(pk__in=ids).values_list("id", "code"))


def _paper(source: Source, ref: DocumentRef) -> Paper:
    document = ref if refs.url_of(ref) else None
    if source.source_kind == "claim":
        return Paper(f"Short pick, {ref}" if document else "Short pick", document)
    if words := WORDS.get((source.source_kind, MovementKind(source.kind))):
        return Paper(words, document)
    if document is None and source.kind == MovementKind.RECEIPT and source.reason:
        label = LABELS.get(source.source_kind, refs.label(source.source_kind))
        return Paper(f"{label} {source.reason}")
    return Paper(str(ref), document)
