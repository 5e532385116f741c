"""Write to buyer and reps: the day until which an order was wanted is over, and what of it was cancelled for that."""

from collections.abc import Sequence, Set
from datetime import date

from django.core.mail import get_connection
from django.core.mail.message import EmailMessage

from accounts.buyer_queries import addresses_of, buyers_to_tell
from orders.events import CancelDatePassed
from orders.revision_queries import people_of
from orders.standing_queries import standings


def mail_cancel_dates(passed: Sequence[CancelDatePassed]) -> int:
    """How many letters went out. Who placed the order and the reps of its lines are written to; where no buyer placed it
    (it came by file, or by our desk), everybody who orders for the customer. The same number of statements for any number
    of orders and people. Raises what the mail server says, so that the job tries again."""
    people = people_of({fact.order_id for fact in passed})
    buyers = buyers_to_tell({fact.account_id for fact in passed})
    told = {fact.order_id: _told(people[fact.order_id], buyers[fact.account_id].keys()) for fact in passed}
    addresses = addresses_of({user_id for users in told.values() for user_id in users})
    far = standings(people)
    letters = [
        EmailMessage(_subject(fact), _text(fact, far[fact.order_id].words), to=[addresses[user_id]])
        for fact in passed
        for user_id in sorted(told[fact.order_id])
        if user_id in addresses
    ]
    return get_connection().send_messages(letters) or 0 if letters else 0


def _told(people: frozenset[int], buyers: Set[int]) -> frozenset[int]:
    return people.union(buyers) if people.isdisjoint(buyers) else people


def _subject(fact: CancelDatePassed) -> str:
    return f"Order {fact.order_number}: cancelled what had not shipped by {_day(fact)}"


def _text(fact: CancelDatePassed, far: str) -> str:
    lines = "\n".join(f"- {line}" for line in fact.lines)
    return (
        f"Order {fact.order_number} was wanted until {_day(fact)}. What had not shipped by then is cancelled:\n\n{lines}\n\n"
        f"How far it is: {far}. What is with the warehouse goes on.\n"
    )


def _day(fact: CancelDatePassed) -> str:
    day = date.fromisoformat(fact.cancel_after)
    return f"{day.day} {day:%b %Y}"
