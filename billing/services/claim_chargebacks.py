"""Chargebacks: a distributor's claim checked against contract, membership and what we sold it; paid or denied at once."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from accounts.queries import account_snapshots, accounts_by_code, memberships_by_identifier
from billing.exception_kinds import CHARGEBACK_DENIED
from billing.models import ChargebackClaim, CreditMemo, InvoiceLine
from billing.rules.claims import ClaimSpec, Denial, Known, denials
from billing.services.issue_credit_memo import credit_sum
from billing.states import ClaimStatus, CreditKind, InvoiceStatus
from catalog.queries import products_by_sku
from core import clock, codec, journal, numbering
from core.actors import Actor
from core.errors import FieldError, InvalidInput
from core.money import round_amount
from core.refs import DocumentRef
from core.uow import door_verb
from credit.services.lock_accounts import lock_accounts
from exceptions_app.services.open_case import open_case
from pricing.group_queries import CLAIM_DAYS, chargeback_basis

ZERO = Decimal(0)
IDENTIFIERS = ("gln", "dea", "hin", "340b", "other")


@door_verb
def claim_chargeback(claim: ClaimSpec, *, actor: Actor, now: datetime) -> int:
    """The claim's id: approved, with a credit memo over (cost − contract price) × quantity on the distributor's account, or
    denied with every reason and a case. Locks the distributor's credit (10), so that two claims for the same goods see
    each other. Raises InvalidInput for what is no claim at all."""
    if claim.qty <= 0 or claim.cost_price < 0 or claim.contract_price < 0 or not claim.reference.strip():
        what = "A claim names its reference, a quantity above 0 and prices that are not negative."
        raise InvalidInput([FieldError("/qty", "not_positive", what, "Correct the claim.")])
    lock_accounts([claim.account_id])
    product_id = products_by_sku([claim.sku]).get(claim.sku.upper())
    member_id = _member(claim)
    found = denials(claim, _known(claim, product_id, member_id), today=clock.company_day(now))
    (number,) = numbering.draw("chargeback", prefix="CB-")
    row = ChargebackClaim(
        number=number, account_id=claim.account_id, member_id=member_id, member_text=claim.member[:80],
        contract_code=claim.contract_code[:40], product_id=product_id, sku_text=claim.sku[:80],
        reference=claim.reference[:80], sale_date=claim.sale_date, qty=claim.qty, cost_price=claim.cost_price,
        contract_price=claim.contract_price, currency=claim.currency,
        amount=round_amount(max(claim.cost_price - claim.contract_price, ZERO) * claim.qty, claim.currency),
        status=ClaimStatus.DENIED if found else ClaimStatus.APPROVED, denials=codec.dump(found),
        received_at=now, received_by=actor.label,
    )  # fmt: skip
    row.save(force_insert=True)
    if found:
        _deny(row, found, actor, now)
    else:
        _pay(row, actor, now)
    return row.pk


def reasons_to_deny(claim: ClaimSpec, *, now: datetime) -> list[Denial]:
    """What speaks against the claim as our books stand; nothing is kept. Six statements."""
    product_id = products_by_sku([claim.sku]).get(claim.sku.upper())
    return denials(claim, _known(claim, product_id, _member(claim)), today=clock.company_day(now))


def claim_ref(row: ChargebackClaim) -> DocumentRef:
    return DocumentRef("chargeback", row.pk, row.number)


def _deny(row: ChargebackClaim, found: Sequence[Denial], actor: Actor, now: datetime) -> None:
    words = " ".join(d.message for d in found)[:300]
    journal.write([journal.Entry(claim_ref(row), "denied", words)], actor=actor, now=now)
    open_case(
        CHARGEBACK_DENIED.code, subject=claim_ref(row), account_id=row.account_id, money_at_risk=row.amount,
        cause_key="denied", currency=row.currency, summary=words, now=now, actor=actor,
    )  # fmt: skip


def _pay(row: ChargebackClaim, actor: Actor, now: datetime) -> None:
    reason = f"Chargeback {row.number}: {row.reference}, contract {row.contract_code}"
    memo_id = credit_sum(
        account_id=row.account_id, kind=CreditKind.CHARGEBACK, amount=row.amount, currency=row.currency, reason=reason,
        key=f"chargeback:{row.pk}", source=claim_ref(row), actor=actor, now=now,
    )  # fmt: skip
    row.credit_memo = CreditMemo.objects.get(pk=memo_id)
    row.save(update_fields=["credit_memo"])


def _member(claim: ClaimSpec) -> int | None:
    """By our code, or by an identifier that proves membership on the day of the sale and names one account."""
    if known := accounts_by_code([claim.member]).get(claim.member.upper()):
        return known
    found = memberships_by_identifier([(kind, claim.member) for kind in IDENTIFIERS], on=claim.sale_date)
    ids = {account_id for accounts in found.values() for account_id in accounts}
    return ids.pop() if len(ids) == 1 else None


def _known(claim: ClaimSpec, product_id: int | None, member_id: int | None) -> Known:
    contract = chargeback_basis(
        claim.contract_code, product_id=product_id, member_id=member_id, qty=claim.qty, currency=claim.currency,
        on=claim.sale_date,
    )  # fmt: skip
    member = account_snapshots([member_id], on=claim.sale_date).get(member_id) if member_id else None
    before = ChargebackClaim.objects.filter(
        account_id=claim.account_id, status=ClaimStatus.APPROVED, product_id=product_id or 0
    )
    return Known(
        is_contract_live=contract is not None,
        is_member=member is not None and contract is not None and contract.group_id in member.group_ids,
        contract_price=contract.unit_price if contract else None,
        sold_qty=_sold(claim.account_id, product_id) - (before.aggregate(x=Sum("qty"))["x"] or ZERO),
        is_duplicate=before.filter(reference=claim.reference, member_id=member_id).exists(),
        is_product_known=product_id is not None,
        claim_days=contract.claim_days if contract else CLAIM_DAYS,
        price_tolerance=contract.price_tolerance if contract else ZERO,
    )


def _sold(account_id: int, product_id: int | None) -> Decimal:
    lines = InvoiceLine.objects.filter(invoice__account_id=account_id, product_id=product_id or 0)
    sums = lines.exclude(invoice__status=InvoiceStatus.DRAFT).aggregate(sold=Sum("qty"), back=Sum("credited_qty"))
    return (sums["sold"] or ZERO) - (sums["back"] or ZERO)
