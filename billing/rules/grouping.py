"""Which draft a shipment's lines go on, by what the customer chose, and when that draft is posted."""

from datetime import date, timedelta

from billing.states import Grouping


def draft_key(grouping: Grouping, *, account_id: int, order_id: int, currency: str, terms: str, day: date) -> str:
    """One draft per customer, currency, terms and order or period."""
    part = f"order {order_id}" if grouping == Grouping.ORDER else f"to {last_day(grouping, day)}"
    return f"{account_id} {currency} {terms} {part}"


def last_day(grouping: Grouping, day: date) -> date:
    """The last day whose shipments go on the same invoice. Weeks end on Sunday."""
    if grouping == Grouping.WEEK:
        return day + timedelta(days=6 - day.weekday())
    if grouping == Grouping.MONTH:
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return day
