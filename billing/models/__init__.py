from billing.models.invoice import Invoice, InvoiceLine
from billing.models.receipt import Receipt, ReceiptApplication

__all__ = ["Invoice", "InvoiceLine", "Receipt", "ReceiptApplication"]
