"""Reads of the inbox and of imported lines: a constant number of statements whatever the number asked about."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from integrations.models import EdiTransaction, ImportedLine, OutboundDocument, PartnerProfile
from integrations.rules.reversals import Key, Sale
from integrations.states import ImportedKind, Strictness, TransactionState


@dataclass(frozen=True)
class Partner:
    """A trading partner as the receiving services need him."""

    id: int
    code: str
    account_id: int
    is_confirmed: bool
    is_strict: bool
    auto_submit: bool
    unit_map: dict[str, str]
    default_ship_to_id: int | None


@dataclass(frozen=True)
class KnownSet:
    """A transaction set received before with an order or a decision of its own."""

    id: int
    order_id: int | None
    content_hash: str
    po_number: str
    release_number: str
    state: str


def partner_by_sender(qualifier: str, ident: str) -> Partner | None:
    found = PartnerProfile.objects.filter(isa_qualifier=qualifier, isa_id=ident).first()
    return partner_of(found) if found else None


def partner_by_id(partner_id: int) -> Partner:
    return partner_of(PartnerProfile.objects.get(pk=partner_id))


def partner_of(row: PartnerProfile) -> Partner:
    return Partner(
        id=row.pk,
        code=row.code,
        account_id=row.account_id,
        is_confirmed=row.status == "confirmed",
        is_strict=row.wrong_counts == Strictness.REJECT,
        auto_submit=row.auto_submit,
        unit_map={str(k).upper(): str(v).upper() for k, v in row.unit_map.items()},
        default_ship_to_id=row.default_ship_to_id,
    )


def sets_by_hash(partner_id: int, hashes: Collection[str]) -> dict[str, KnownSet]:
    """The first set of each content received from the partner and decided."""
    rows = EdiTransaction.objects.filter(partner_id=partner_id, content_hash__in=hashes)
    rows = rows.exclude(state=TransactionState.RECEIVED).order_by("-id")
    return {row.content_hash: _known(row) for row in rows}


def sets_by_po(partner_id: int, numbers: Collection[str]) -> dict[tuple[str, str], KnownSet]:
    """The set that made the order, by (PO number, release)."""
    rows = EdiTransaction.objects.filter(partner_id=partner_id, po_number__in=numbers, order__isnull=False)
    rows = rows.order_by("-id")
    return {(row.po_number, row.release_number): _known(row) for row in rows}


def _known(row: EdiTransaction) -> KnownSet:
    return KnownSet(row.pk, row.order_id, row.content_hash, row.po_number, row.release_number, row.state)


def transaction_by_id(transaction_id: int) -> EdiTransaction:
    return EdiTransaction.objects.select_related("interchange", "partner", "file").get(pk=transaction_id)


def fragment_by_hash(content_hash: str) -> int | None:
    """The row of a piece of a file that was kept aside before."""
    return (
        EdiTransaction.objects.filter(content_hash=content_hash, file__isnull=False, interchange=None)
        .values_list("pk", flat=True)
        .first()
    )


def replies_to(interchange_ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Interchange → (kind, text) of what we answered, oldest first."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = OutboundDocument.objects.filter(in_reply_to_id__in=list(interchange_ids)).order_by("id")
    for reply_to, kind, text in rows.values_list("in_reply_to_id", "kind", "text"):
        found[reply_to].append((kind, text))
    return found


def known_refs(keys: Collection[tuple[int, str]]) -> dict[tuple[int, str], set[str]]:
    """(account, invoice) → the line identities imported before."""
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    rows = ImportedLine.objects.filter(account_id__in={a for a, _ in keys}, invoice__in={i for _, i in keys})
    for account_id, invoice, ref in rows.values_list("account_id", "invoice", "ref"):
        found[account_id, invoice].add(ref)
    return found


def sales_left(keys: Collection[Key]) -> list[Sale]:
    """Imported sales of the (account, product) pairs that still have something to reverse."""
    rows: Any = ImportedLine.objects.filter(
        kind=ImportedKind.SALE, account_id__in={a for a, _ in keys}, product_id__in={p for _, p in keys}
    )
    rows = rows.values_list("id", "account_id", "product_id", "happened_at", "qty", "reversed_qty")
    return [Sale(i, a, p, at, q - r) for i, a, p, at, q, r in rows.iterator() if q > r and (a, p) in keys]


def places_of_sales(ids: Collection[int]) -> dict[int, tuple[int, str]]:
    """Imported sale → (order id, the line's identity in that order)."""
    rows = ImportedLine.objects.filter(pk__in=ids, order__isnull=False)
    return {pk: (order_id, ref) for pk, order_id, ref in rows.values_list("pk", "order_id", "ref") if order_id}


def partner_called(code: str) -> int | None:
    """The partner's id, whatever the case of its code."""
    return PartnerProfile.objects.filter(code__iexact=code.strip()).values_list("pk", flat=True).first()


def outbound_text(document_id: int) -> tuple[str, str]:
    """(control number, text) of a document we wrote."""
    return OutboundDocument.objects.values_list("control", "text").get(pk=document_id)
