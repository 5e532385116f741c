"""Write to who may approve a purchase order: what waits, why, and the page where they decide after signing in."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.message import EmailMessage
from django.urls import reverse

from accounts.buyer_queries import approvers_of


@dataclass(frozen=True)
class Waiting:
    order_number: str
    account_id: int
    amount: Decimal
    currency: str
    asked_by: str
    asked_by_id: int | None
    reason: str


def mail_approvers(waiting: Waiting, *, now: datetime) -> int:
    """How many letters went out; never to who asked. The link decides nothing by itself: it opens the page of approvals,
    behind the sign-in. Raises what the mail server says, so that the job tries again."""
    link = settings.PUBLIC_URL.rstrip("/") + reverse("portal:approvals")
    text = (
        f"{waiting.asked_by} ordered for {waiting.amount:,} {waiting.currency} (order {waiting.order_number}).\n"
        f"It waits for your approval: {waiting.reason}.\n\n"
        f"Approve or reject it here, on a phone as well, after signing in:\n{link}\n"
    )
    subject = f"Order {waiting.order_number} waits for your approval"
    people = [email for user_id, email in approvers_of(waiting.account_id, now=now) if user_id != waiting.asked_by_id]
    letters = [EmailMessage(subject, text, to=[email]) for email in people]
    return get_connection().send_messages(letters) or 0 if letters else 0
