"""What is asked of pricing and what it answers: plain values, shared with the rooms above."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.explain import Loser


@dataclass(frozen=True)
class PriceAsk:
    """`qty` in base units. `key` is the caller's (a line number); `agreement` names a quote or deal to honour; `unit` is
    what was ordered in (empty: the base unit); `ship_date` the day asked for, where sources look at it."""

    key: str
    product_id: int
    qty: Decimal
    agreement: tuple[str, int] | None = None
    unit: str = ""
    ship_date: date | None = None


@dataclass(frozen=True)
class WaterfallStep:
    """One step from list to net: what changed the price, the price per base unit after it."""

    label: str
    unit_price: Decimal
    source_id: int | None = None


@dataclass(frozen=True)
class PriceResult:
    """`unit_price` per base unit (None: nothing prices this product), `amount` rounded half-up to the cent.

    `floor` is the lowest unit price that needs no approval; `basis` the level that won; `tax` and `freight` estimates;
    `sla_penalty` what the customer's contract makes a line cost us that is a day late; `payment_terms` those
    of the contract that prices it.
    """

    key: str
    product_id: int
    unit_price: Decimal | None
    amount: Decimal
    currency: str
    basis: str
    source_id: int | None
    source_code: str
    waterfall: tuple[WaterfallStep, ...] = ()
    losers: tuple[Loser, ...] = ()
    floor: Decimal | None = None
    unit_margin: Decimal | None = None
    tax: Decimal = Decimal(0)
    freight: Decimal = Decimal(0)
    sla_penalty: Decimal = Decimal(0)
    payment_terms: str = ""

    @property
    def is_priced(self) -> bool:
        return self.unit_price is not None


@dataclass(frozen=True)
class AgreedPrice:
    product_id: int
    unit_price: Decimal
    min_qty: Decimal = Decimal(0)


@dataclass(frozen=True)
class ListSpec:
    """A price list or, with an account, that account's contract, to be made where its code is not known yet."""

    code: str
    name: str
    currency: str
    valid_from: date
    account_id: int | None = None


@dataclass(frozen=True)
class PriceSpec:
    """A unit price per base unit from `min_qty` on, over [valid_from, valid_to), on the list of that code."""

    list_code: str
    product_id: int
    unit_price: Decimal
    valid_from: date
    valid_to: date | None = None
    min_qty: Decimal = Decimal(0)
