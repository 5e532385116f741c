"""What is owed and paid: invoices, receipts."""
