"""What can go wrong between the invoice and the money. Hours are business hours (domain.md §11)."""

from exceptions_app.kinds import KindSpec, declare

SHORT_PAYMENT = KindSpec(
    code="short_payment",
    label="Short payment",
    owner_queue="finance",
    severity="medium",
    respond_minutes=480,
    resolve_minutes=2400,
    description="The customer paid an invoice short and did not say why. Ask, then credit, dispute or collect the rest.",
)
INVOICE_DISPUTE = KindSpec(
    code="invoice_dispute",
    label="Invoice dispute",
    owner_queue="finance",
    severity="high",
    respond_minutes=480,
    resolve_minutes=2400,
    description="The customer disputes an invoice. Credit what is right, or reject it with the reason.",
)
COMMISSION_DISPUTE = KindSpec(
    code="commission_dispute",
    label="Commission dispute",
    owner_queue="finance",
    severity="medium",
    respond_minutes=480,
    resolve_minutes=2400,
    description="A rep does not agree with a line of a statement. Answer it, or mend the plan and recompute.",
)
CHARGEBACK_DENIED = KindSpec(
    code="chargeback_denied",
    label="Chargeback denied",
    owner_queue="finance",
    severity="medium",
    respond_minutes=480,
    resolve_minutes=2400,
    description="A distributor's chargeback failed a check. Tell them why; enter it again when it is corrected.",
)
UNAPPLIED_CASH = KindSpec(
    code="unapplied_cash",
    label="Unapplied cash",
    owner_queue="finance",
    severity="low",
    respond_minutes=960,
    resolve_minutes=2400,
    description="Money lies on account while invoices of the same customer are due. Apply it, or ask what it is for.",
)
PAYMENT_DIFFERS = KindSpec(
    code="payment_differs",
    label="Payment differs",
    owner_queue="finance",
    severity="high",
    respond_minutes=240,
    resolve_minutes=960,
    description="A provider collected money in another currency than was asked; it is booked nowhere. Book it at today's "
    "rate, or give it back at the provider.",
)
INVOICE_DIFFERS = KindSpec(
    code="invoice_differs",
    label="Invoice differs from confirmation",
    owner_queue="pricing",
    severity="high",
    respond_minutes=240,
    resolve_minutes=480,
    description="An invoice bills another price than was confirmed. Credit or bill the difference, or let it stand.",
)
declare(
    INVOICE_DIFFERS,
    UNAPPLIED_CASH,
    SHORT_PAYMENT,
    INVOICE_DISPUTE,
    COMMISSION_DISPUTE,
    CHARGEBACK_DENIED,
    PAYMENT_DIFFERS,
)
