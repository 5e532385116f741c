from billing.models.commission import (
    CommissionEntry,
    CommissionPlan,
    CommissionRate,
    CommissionStatement,
    CommissionStatementLine,
    PlanMember,
    PlanVersion,
)
from billing.models.credit_memo import CreditMemo, CreditMemoApplication, CreditMemoLine, Repricing
from billing.models.invoice import Invoice, InvoiceLine, InvoicingChoice
from billing.models.payment import Payment, PaymentMessage
from billing.models.rebate import ChargebackClaim, RebateEntry
from billing.models.receipt import Receipt, ReceiptApplication
from billing.models.revenue import Obligation, RecognitionRule, RevenueEntry
from billing.models.trouble import Dispute, WriteOff

__all__ = [
    "ChargebackClaim",
    "CommissionEntry",
    "CommissionPlan",
    "CommissionRate",
    "CommissionStatement",
    "CommissionStatementLine",
    "CreditMemo",
    "CreditMemoApplication",
    "CreditMemoLine",
    "Dispute",
    "Invoice",
    "InvoiceLine",
    "InvoicingChoice",
    "Obligation",
    "Payment",
    "PaymentMessage",
    "PlanMember",
    "PlanVersion",
    "RebateEntry",
    "Receipt",
    "ReceiptApplication",
    "RecognitionRule",
    "Repricing",
    "RevenueEntry",
    "WriteOff",
]
