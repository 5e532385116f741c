from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from billing import checks
        from billing.clock_queries import moments
        from billing.given_back import given_back
        from billing.panels import commission_panel, invoices_panel
        from core import invariants, panels, refs
        from orders import beyond

        refs.register("invoice", "Invoice", lambda pk: reverse("admin:billing_invoice_change", args=[pk]))
        refs.register("receipt", "Receipt", lambda pk: reverse("admin:billing_receipt_change", args=[pk]))
        refs.register("credit_memo", "Credit memo", lambda pk: reverse("admin:billing_creditmemo_change", args=[pk]))
        refs.register(
            "commission_statement",
            "Commission statement",
            lambda pk: reverse("admin:billing_commissionstatement_change", args=[pk]),
        )
        refs.register("payment", "Payment", lambda pk: reverse("admin:billing_payment_change", args=[pk]))
        refs.register("chargeback", "Chargeback", lambda pk: reverse("admin:billing_chargebackclaim_change", args=[pk]))
        beyond.tell_moments(moments)
        beyond.tell_given_back(given_back)
        panels.register("order", panels.Panel("Invoices", 20, invoices_panel))
        panels.register("order", panels.Panel("Who gets the commission", 30, commission_panel))
        invariants.register("invoices copy the locked price", checks.invoiced_at_the_locked_price)
        invariants.register("an invoice total is the sum of its lines and their charges", checks.totals_are_sums)
        invariants.register("invoices charge the tax and freight of their order lines", checks.charges_are_the_orders)
        invariants.register(
            "an order billed whole was charged what it said", checks.billed_orders_charge_what_they_said
        )
        invariants.register("invoiced quantities are what was billed", checks.invoiced_quantities_agree)
        invariants.register("paid and applied are the sum of applications", checks.applications_add_up)
        invariants.register(
            "what is invoiced of an order line is quantity times price", checks.lines_are_quantity_times_price
        )
        invariants.register("credits are the sum of their lines and applications", checks.credits_add_up)
        invariants.register("an invoice is open or done as its amounts say", checks.statuses_say_what_is_open)
        invariants.register("order, confirmation and invoice agree", checks.order_and_invoice_agree)
        invariants.register("revenue ties to invoices less credits", checks.revenue_ties_to_invoices)
        invariants.register("repricings were credited and rebilled", checks.repricings_were_issued)
        invariants.register("commissions and their statements add up", checks.commissions_add_up)
        invariants.register(
            "receivable and unapplied exposure are the open invoices and receipts", checks.exposure_matches_documents
        )
