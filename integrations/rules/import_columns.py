"""Which column of an order file holds what: from `--map`, or recognised by its heading."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REQUIRED = ("invoice", "sku", "quantity", "price")
OPTIONAL = ("customer", "date", "description", "unit", "occurrence")
FIELDS = REQUIRED + OPTIONAL
REJECT_COLUMNS = ("reject_row", "reject_reason", "reject_field", "reject_remedy")
OCCURRENCE = "occurrence"

_HEADINGS = {
    "invoice": "invoiceno invoice invoicenumber invoiceid orderno order ordernumber orderid ponumber pono po document",
    "sku": "stockcode sku item itemcode itemno itemnumber product productcode productid partnumber partno code",
    "quantity": "quantity qty units orderqty orderedqty",
    "price": "unitprice price netprice priceeach",
    "customer": "customerid customer customercode customerno customernumber account accountcode accountid soldto",
    "date": "invoicedate date orderdate invoicedatetime documentdate",
    "description": "description productname itemname itemdescription productdescription name",
    "unit": "unit uom unitofmeasure",
    "occurrence": "occurrence",
}
_BY_HEADING = {heading: field for field, words in _HEADINGS.items() for heading in words.split()}


class ColumnsNotFound(ValueError):
    """The map names what is not there, or a column that is needed was not recognised. The text says which."""


@dataclass(frozen=True)
class Columns:
    """The place of each field in a row, -1 where the file has none."""

    invoice: int
    sku: int
    quantity: int
    price: int
    customer: int = -1
    date: int = -1
    description: int = -1
    unit: int = -1
    occurrence: int = -1


def parse_map(text: str) -> dict[str, str]:
    """`invoice=InvoiceNo,sku=StockCode` as a dict; ColumnsNotFound for an unknown field or a missing `=`."""
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, column = (p.strip() for p in part.partition("="))
        if not equals or not column:
            raise ColumnsNotFound(f"--map {part!r} is not of the form field=Column.")
        if name not in FIELDS:
            raise ColumnsNotFound(f"--map names the unknown field {name!r}. Fields: {', '.join(FIELDS)}.")
        found[name] = column
    return found


def find_columns(header: Sequence[str], mapped: Mapping[str, str], *, customer_needed: bool) -> Columns:
    """Columns named in `mapped` (exact, else whatever the case), the rest by their headings."""
    exact = {h.strip(): i for i, h in reversed(list(enumerate(header)))}
    folded = {_fold(h): i for i, h in reversed(list(enumerate(header)))}
    places = {field: exact.get(column, folded.get(_fold(column), -1)) for field, column in mapped.items()}
    lost = [f"{column!r} (for {field})" for field, column in mapped.items() if places[field] < 0]
    if lost:
        raise ColumnsNotFound(f"The file has no column {', '.join(lost)}. Columns found: {_listed(header)}.")
    taken = set(places.values())
    for heading, place in folded.items():
        field = _BY_HEADING.get(heading)
        if field and field not in places and place not in taken:
            places[field] = place
    needed = (*REQUIRED, "customer") if customer_needed else REQUIRED
    missing = [f for f in needed if f not in places]
    if missing:
        said = f"No column recognised for {', '.join(missing)}. Columns found: {_listed(header)}."
        raise ColumnsNotFound(f"{said} Name them with --map {missing[0]}=Column.")
    return Columns(**places)


def own_columns(header: Sequence[str]) -> tuple[int, ...]:
    """The places of the file's own columns: without what a reject file adds."""
    ours = {*REJECT_COLUMNS, OCCURRENCE}
    return tuple(i for i, name in enumerate(header) if name.strip().lower() not in ours)


def _fold(heading: str) -> str:
    return re.sub(r"[^a-z0-9]", "", heading.casefold())


def _listed(header: Sequence[str]) -> str:
    return ", ".join(h.strip()[:40] or "(blank)" for h in header[:40]) or "none"
