"""Is a chargeback right? Every check, not only the first that fails. Source: domain.md §3."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

ZERO = Decimal(0)
MOST_DAYS = 90  # where nothing else was agreed with the group


@dataclass(frozen=True)
class ClaimSpec:
    """What a distributor claims: it sold `qty` base units to a member at the contract's price, below its cost. The
    `reference` is its own invoice; the same sale is claimed once."""

    account_id: int
    reference: str
    contract_code: str
    member: str
    sku: str
    qty: Decimal
    sale_date: date
    cost_price: Decimal
    contract_price: Decimal
    currency: str


@dataclass(frozen=True)
class Known:
    """What our books say about the claim. `contract_price` None: the item is not on the contract that day. `sold_qty`: what
    we sold the distributor of it, less credits and what it claimed before. `claim_days` and `price_tolerance` are the
    group's terms."""

    is_contract_live: bool
    is_member: bool
    contract_price: Decimal | None
    sold_qty: Decimal
    is_duplicate: bool
    is_product_known: bool = True
    claim_days: int = MOST_DAYS
    price_tolerance: Decimal = ZERO


@dataclass(frozen=True)
class Denial:
    code: str
    message: str


def denials(claim: ClaimSpec, known: Known, *, today: date) -> list[Denial]:
    """Why not, in words for the distributor; none: it is to be paid."""
    found = []

    def no(code: str, message: str) -> None:
        found.append(Denial(code, message))

    if not known.is_contract_live:
        no("contract_not_live", f"Contract {claim.contract_code} was not in force on {claim.sale_date}.")
    if not known.is_member:
        no("not_a_member", f"{claim.member} was no member of the contract's group on {claim.sale_date}.")
    if not known.is_product_known or known.contract_price is None:
        no("not_on_contract", f"{claim.sku} was not on contract {claim.contract_code} on {claim.sale_date}.")
    elif abs(known.contract_price - claim.contract_price) > known.price_tolerance:
        no("other_price", f"The contract's price was {known.contract_price:f}, not {claim.contract_price:f}.")
    if claim.cost_price <= claim.contract_price:
        no("no_difference", "The cost is not above the contract's price: there is nothing to give back.")
    if claim.qty > known.sold_qty:
        no("more_than_sold", f"{claim.qty:f} claimed, {known.sold_qty:f} sold to you and not claimed before.")
    if not claim.sale_date <= today <= claim.sale_date + timedelta(days=known.claim_days):
        no("too_old", f"The sale of {claim.sale_date} is not within {known.claim_days} days before today.")
    if known.is_duplicate:
        no("duplicate", f"{claim.reference} was claimed for this item and member before.")
    return found
