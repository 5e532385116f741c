"""Customers pay, most in time and some late; finance and pricing look at what is held."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.queries import unpaid
from billing.rules.asks import InvoiceView, ReceiptSpec
from billing.services.post_receipt import ReceiptAlreadyPosted, post_receipts
from config.replay.chance import Chance
from config.replay.world import CLERK, CURRENCY, FINANCE, PRICING
from core.actors import Actor
from core.errors import DomainError
from core.overrides import Reason
from orders.queries import holds_placed_before
from orders.services.clear_hold import clear_hold
from orders.states import HoldReason

BATCH = 200
EARLIEST = 5  # days before the due date
# (share of the invoices, days after the due date from … to)
HABITS = ((0.70, -EARLIEST, 2), (0.92, 3, 20), (1.00, 31, 50))
REVIEW_AFTER = timedelta(days=2)  # how long finance waits for money before it decides
VALID_FOR = timedelta(days=14)


def take_payments(chance: Chance, day: date, *, now: datetime) -> None:
    """One receipt per customer who pays today, for the invoices they pay."""
    paying: dict[int, list[InvoiceView]] = defaultdict(list)
    for invoice in unpaid(due_until=day + timedelta(days=EARLIEST)):
        if _pay_day(chance, invoice) <= day:
            paying[invoice.account_id].append(invoice)
    specs = [
        ReceiptSpec(
            account_id,
            sum((i.open_amount for i in invoices), Decimal(0)),
            CURRENCY,
            day,
            reference=f"PAYMENT {day} {invoices[0].number}",
            method="transfer",
            apply_to=tuple(i.id for i in invoices),
        )
        for account_id, invoices in sorted(paying.items())
    ]
    for start in range(0, len(specs), BATCH):
        _require_taken(post_receipts(specs[start : start + BATCH], actor=CLERK, now=now))


def _pay_day(chance: Chance, invoice: InvoiceView) -> date:
    """By what was invoiced to whom and when, not by its number: lanes draw numbers as they come."""
    about = (invoice.account_id, invoice.due_date, invoice.total_amount)
    habit = chance.share("habit", *about)
    low, high = next((low, high) for share, low, high in HABITS if habit < share)
    return invoice.due_date + timedelta(days=chance.between(low, high, "days", *about))


def _require_taken(outcomes: Iterable[int | DomainError]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, DomainError) and not isinstance(outcome, ReceiptAlreadyPosted):
            raise outcome


def review_holds(*, now: datetime) -> None:
    """Finance lets go what has waited long enough for money; pricing accepts the prices the customers stated."""
    for hold in holds_placed_before(now - REVIEW_AFTER, HoldReason.CREDIT):
        reason = Reason("customer_in_good_standing", "Replay: released after a look at the account's payments.")
        _clear(hold.hold_id, reason, FINANCE, now)
    for hold in holds_placed_before(now, HoldReason.PRICE):
        reason = Reason("price_confirmed", "Replay: the customer confirmed the agreed price of the day.")
        _clear(hold.hold_id, reason, PRICING, now)


def _clear(hold_id: int, reason: Reason, actor: Actor, now: datetime) -> None:
    clear_hold(hold_id=hold_id, reason=reason, actor=actor, now=now, valid_until=now + VALID_FOR)
