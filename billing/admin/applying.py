"""The page that puts what is left on account on an invoice: for receipts and credit memos."""

from decimal import Decimal

from django.http import HttpRequest

from billing.queries import unpaid_invoices_of_account
from inventory.admin.steps import Field, Step, quantity

MOST = 100
ZERO = Decimal(0)


def apply_step(
    request: HttpRequest, account_id: int, currency: str, left: Decimal, title: str, back: str
) -> tuple[Step, int, Decimal, list[str]]:
    """The page, the invoice and the amount that were typed, and what is wrong with them."""
    wrong: list[str] = []
    found = unpaid_invoices_of_account(account_id, limit=MOST)
    mine = {str(i.id): i for i in found if i.currency == currency}
    chosen = request.POST.get("invoice", "")
    amount = quantity(request, "amount", "Amount", wrong) or ZERO
    if request.method == "POST" and chosen not in mine:
        wrong.append("Choose an open invoice.")
    options = [("", "Choose an invoice"), *((pk, f"{i.number}: {i.open_amount:,} open") for pk, i in mine.items())]
    step = Step(
        title,
        "Apply",
        back,
        intro=(f"{left:,} {currency} is left on account.",),
        fields=(
            Field("invoice", "Invoice", chosen, "select", options=options),
            Field("amount", "Amount", request.POST.get("amount", ""), help="At most what is left and what is open."),
        ),
    )
    return step, int(chosen) if chosen in mine else 0, amount, wrong
