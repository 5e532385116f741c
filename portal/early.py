"""What a customer may keep of an invoice by paying early, as the pages of invoices say it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from billing.rules.asks import InvoiceView
from billing.rules.charges import discountable
from credit.queries import discounts


class Early(NamedTuple):
    """`amount` settles the invoice if it is paid by `until`."""

    amount: Decimal
    until: date


def early_payments(invoices: Sequence[InvoiceView], *, today: date) -> dict[int, Early]:
    """By invoice, of those that still can be paid early and are not disputed. Two statements at most."""
    offered = (
        discounts(
            (i.terms_code, i.issued_date, *discountable(i.total_amount, i.net_amount, i.credited_amount), i.currency)
            for i in invoices
        )
        if invoices
        else []
    )
    return {
        i.id: Early(i.open_amount - offer.amount, offer.until)
        for i, offer in zip(invoices, offered, strict=True)
        if offer is not None and today <= offer.until and offer.amount < i.open_amount and not i.disputed_amount
    }
