"""What an 850 says, as plain values: quantities and prices as the partner stated them, in his units."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Party:
    """One N1 loop: `code` N101 (BY, ST, BT, VN …), `qualifier`/`ident` N103/N104, address from N2 to N4."""

    code: str
    name: str = ""
    qualifier: str = ""
    ident: str = ""
    more_names: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class PartNumber:
    qualifier: str
    value: str


@dataclass(frozen=True, slots=True)
class StatedDate:
    """`qualifier` is DTM01: 002 delivery requested, 010 ship requested, 037 ship not before, 001 cancel …"""

    qualifier: str
    on: date


@dataclass(frozen=True, slots=True)
class Split:
    """Part of a line for one place (SDQ) or one date (SCH)."""

    quantity: Decimal
    unit: str = ""
    qualifier: str = ""
    ident: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """ITD: discount percent and days, net days, the partner's words."""

    discount_percent: Decimal | None = None
    discount_days: int | None = None
    net_days: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class PoLine:
    """`position` is the PO1's segment number; `number` PO101, or the line's place where that is empty.

    `unit` empty = the product's base unit; `price` None = our price applies, else per one `unit` (PO105 resolved).
    """

    position: int
    number: str
    quantity: Decimal
    unit: str = ""
    price: Decimal | None = None
    basis: str = ""
    parts: tuple[PartNumber, ...] = ()
    description: str = ""
    pack: tuple[str, ...] = ()
    dates: tuple[StatedDate, ...] = ()
    ship_to: Party | None = None
    splits: tuple[Split, ...] = ()
    schedule: tuple[Split, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    backorder_code: str = ""  # IT8-07 and the like, kept as stated

    def date_of(self, *qualifiers: str) -> date | None:
        return _first_date(self.dates, qualifiers)


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """`purpose` BEG01 (00 original), `kind` BEG02 (SA stand-alone, NE new, RL release, BK blanket …)."""

    purpose: str
    kind: str
    number: str
    release: str
    on: date | None
    contract: str
    currency: str
    dates: tuple[StatedDate, ...]
    parties: tuple[Party, ...]
    terms: Terms | None
    freight_terms: str
    references: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    lines: tuple[PoLine, ...]
    total: Decimal | None

    def party(self, *codes: str) -> Party | None:
        """The first party with one of the codes, in the order the codes are given."""
        return next((p for code in codes for p in self.parties if p.code == code), None)

    def date_of(self, *qualifiers: str) -> date | None:
        return _first_date(self.dates, qualifiers)

    @property
    def requested_date(self) -> date | None:
        """When the buyer wants it: delivery first, then the ship dates."""
        return self.date_of("002", "106", "064", "010", "037", "038", "017", "063")

    @property
    def cancel_after(self) -> date | None:
        return self.date_of("001", "177", "061", "036")


def _first_date(dates: tuple[StatedDate, ...], qualifiers: tuple[str, ...]) -> date | None:
    return next((d.on for q in qualifiers for d in dates if d.qualifier == q), None)
