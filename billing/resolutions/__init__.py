"""What mends a case about money: one service call each, the same as from the page of its invoice, statement or claim."""

from billing.resolutions import claims, invoices, mismatches, payments, repricing

__all__ = ["claims", "invoices", "mismatches", "payments", "repricing"]
