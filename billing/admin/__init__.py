"""Finance's console: what was billed, what came in, what was given back, what is in question. Numbers are read; money moves
through services."""

from billing.admin import commissions, credits, invoices, receipts, revenue

__all__ = ["commissions", "credits", "invoices", "receipts", "revenue"]
