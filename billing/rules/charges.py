"""What is billed of an order line: each invoice line takes its share of goods, tax and freight, so that all invoices of an
order line add up to what the order says of it, to the cent (docs/adr/0012-tax-and-freight-are-billed.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from billing.rules.asks import CreditSpec
from billing.rules.credits import CreditedLine, worth
from core.money import EXACT, line_amount, round_amount, split_amount
from orders.rules.worth import UnitWorth

ZERO = Decimal(0)


class Charges(NamedTuple):
    """In the document's currency."""

    tax: Decimal = ZERO
    freight: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.tax + self.freight


NONE = Charges()


class BilledSoFar(NamedTuple):
    """What the invoices of an order line bill of it: base units and what they charge. `goods` is what `priced` of the units,
    those billed at the line's own price, cost."""

    qty: Decimal = ZERO
    tax: Decimal = ZERO
    freight: Decimal = ZERO
    priced: Decimal = ZERO
    goods: Decimal = ZERO


class Share(NamedTuple):
    """What an invoice line takes of its order line."""

    goods: Decimal
    charges: Charges = NONE


def is_to_the_cent(qty: Decimal, price: Decimal, currency: str) -> bool:
    """Whether nothing of quantity times price is rounded: then it does not matter what was billed before."""
    return EXACT.multiply(qty, price) == line_amount(qty, price, currency)


def shares_of(
    asked: Iterable[tuple[int, Decimal, str]], worths: Mapping[int, UnitWorth], billed: Mapping[int, BilledSoFar]
) -> list[Share]:
    """What each (order line, base units, currency) is billed, in the order they are billed.

    The first units take their own share, rounded; whoever comes after takes what the sum of all so far is more than what was
    billed before. So the sum is right after every invoice, whatever the parts: round(units billed × per unit), of the goods
    as of tax and freight.
    """
    so_far = dict(billed)
    found = []
    for line_id, qty, currency in asked:
        before, unit = so_far.get(line_id, BilledSoFar()), worths[line_id]
        whole = before.qty + qty
        goods = _more(before.priced + qty, unit.price, before.goods, currency)
        tax, freight = (
            _more(whole, unit.tax, before.tax, currency),
            _more(whole, unit.freight, before.freight, currency),
        )
        so_far[line_id] = BilledSoFar(
            whole, before.tax + tax, before.freight + freight, before.priced + qty, before.goods + goods
        )
        found.append(Share(goods, Charges(tax, freight)))
    return found


def _more(qty: Decimal, per_unit: Decimal, before: Decimal, currency: str) -> Decimal:
    return max(line_amount(qty, per_unit, currency) - before, ZERO) if per_unit else ZERO


def charges_back(spec: CreditSpec, line: CreditedLine, left: Charges, amount: Decimal, currency: str) -> Charges:
    """What goes back with `amount` of a line of which `left` is charged: what the spec says; else tax as the units, or the
    sum off their price, are part of what is left of the line, and freight with units only where it is asked for. The last
    units, or the last of the price, take all that is left."""
    part, of = (spec.qty, line.open_qty) if spec.qty is not None else (amount, line.open_amount)
    tax = _share(left.tax, part, of, currency) if spec.tax is None else spec.tax
    if spec.freight is not None:
        return Charges(tax, spec.freight)
    is_with = spec.with_freight and spec.qty is not None
    return Charges(tax, _share(left.freight, part, of, currency) if is_with else ZERO)


def _share(left: Decimal, part: Decimal, of: Decimal, currency: str) -> Decimal:
    return worth(CreditedLine(of, left), part, currency) if left and part > ZERO and of > ZERO else ZERO


class Left(NamedTuple):
    """What is not credited of an invoice line; or a sum dealt out over that."""

    amount: Decimal
    tax: Decimal = ZERO
    freight: Decimal = ZERO


def dealt(total: Decimal, lines: Sequence[Left], currency: str) -> list[Left]:
    """A sum of whole documents (a dispute, what a payment left open) over goods, tax and freight of the lines, in proportion
    to what is left of each, to the cent and never above it. `total` is at most all that is left."""
    parts = iter(split_amount(total, [value for x in lines for value in x], currency))
    return [Left(*islice(parts, 3)) for _ in lines]


def tax_of_more(amount: Decimal, unit: UnitWorth, currency: str) -> Decimal:
    """The tax on `amount` that goods cost beyond the price they were billed at: as their price is taxed."""
    if not unit.tax or not unit.price:
        return ZERO
    return round_amount(EXACT.divide(EXACT.multiply(amount, unit.tax), unit.price), currency)


def discountable(total: Decimal, goods: Decimal, credited: Decimal) -> tuple[Decimal, Decimal]:
    """What is left of an invoice after credits, and what of that are goods: as they are part of its total."""
    left = total - credited
    return left, EXACT.divide(EXACT.multiply(goods, left), total) if total else ZERO
