"""Money a provider collected in another currency than was asked: booked at the day's rate, or given back."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.exception_kinds import PAYMENT_DIFFERS
from billing.models import Payment
from billing.resolutions.invoices import FINANCE
from billing.services.pay_online import book_at_rate, worth_at_rate
from billing.states import PaymentStatus
from core.actors import Actor
from core.errors import DomainError
from exceptions_app.rules.asks import CaseSnapshot
from exceptions_app.rules.ranking import Effect
from exceptions_app.suggestions import Resolution, register


def _waiting(case: CaseSnapshot) -> Payment | None:
    return Payment.objects.filter(pk=case.subject.id, status=PaymentStatus.FAILED).first()


def preview_book(case: CaseSnapshot, now: datetime) -> Effect:
    """The difference to what was asked is what it costs or brings."""
    row = _waiting(case)
    if row is None:
        return Effect("", is_possible=False, why_not="The payment is booked.")
    try:
        worth = worth_at_rate(case.money_at_risk, case.currency, row.currency, now)
    except DomainError as refusal:
        return Effect("", is_possible=False, why_not=refusal.in_words)
    return Effect(
        f"{case.money_at_risk:,} {case.currency} are booked as {worth:,} {row.currency} of the {row.amount:,} asked for and "
        "pay the invoices the customer chose",
        min(worth - row.amount, Decimal(0)),
    )


def book(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> Any:
    return book_at_rate(
        payment_id=case.subject.id, collected=case.money_at_risk, currency=case.currency, actor=actor, now=now
    )


def preview_given_back(case: CaseSnapshot, now: datetime) -> Effect:
    if _waiting(case) is None:
        return Effect("", is_possible=False, why_not="The payment is booked.")
    return Effect(f"{case.money_at_risk:,} {case.currency} are given back at the provider; the invoices stay open")


def given_back(case: CaseSnapshot, *, actor: Actor, now: datetime, key: str) -> None:
    """It was never booked here: the case keeps who gave it back."""


register(
    Resolution(PAYMENT_DIFFERS.code, "book", "Book it at today's rate", preview_book, book, FINANCE),
    Resolution(PAYMENT_DIFFERS.code, "given_back", "It was given back", preview_given_back, given_back, FINANCE),
)
