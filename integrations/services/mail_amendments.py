"""Write to who ordered and to the reps of the lines: what of their order is different from now on, and why."""

from collections.abc import Sequence
from datetime import datetime

from django.core.mail import get_connection
from django.core.mail.message import EmailMessage

from accounts.buyer_queries import addresses_of
from orders.events import OrderAmended
from orders.revision_queries import people_of
from orders.standing_queries import standings


def mail_amendments(amended: Sequence[OrderAmended], *, now: datetime) -> int:
    """How many letters went out; never to who amended. The same number of statements for any number of orders and people.
    Raises what the mail server says, so that the job tries again."""
    people = people_of({fact.order_id for fact in amended})
    far = standings(people)
    addresses = addresses_of({user_id for users in people.values() for user_id in users})
    letters = [
        EmailMessage(
            f"Order {fact.order_number} was amended (revision {fact.revision})",
            _text(fact, far[fact.order_id].words),
            to=[address],
        )
        for fact in amended
        for user_id in sorted(people[fact.order_id])
        if user_id != fact.amended_by_id and (address := addresses.get(user_id))
    ]
    return get_connection().send_messages(letters) or 0 if letters else 0


def _text(fact: OrderAmended, far: str) -> str:
    lines = "\n".join(f"- {change}" for change in fact.changes)
    money = f"The goods are {fact.money_effect:+,} {fact.currency}." if fact.money_effect else "The price is the same."
    return (
        f"{fact.amended_by} amended order {fact.order_number}: {fact.reason}.\n\n{lines}\n\n{money}\n"
        f"How far it is: {far}. The order's page shows what is promised now.\n"
    )
