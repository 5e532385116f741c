from django.apps import AppConfig


class FulfillmentConfig(AppConfig):
    name = "fulfillment"
    verbose_name = "Fulfillment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from core import invariants, journal, panels, refs
        from fulfillment import checks
        from fulfillment.delivery_queries import delivered_by_order, delivered_quantities, moments
        from fulfillment.panels import recall_panel, shipments_panel, usage_panel
        from fulfillment.queries import companions, return_numbers, shipment_numbers, vendor_order_numbers
        from fulfillment.vendor_panel import vendor_panel
        from orders import beyond

        refs.register(
            "shipment",
            "Shipment",
            lambda pk: reverse("admin:fulfillment_shipment_change", args=[pk]),
            shipment_numbers,
        )
        refs.register(
            "vendor_order",
            "Vendor order",
            lambda pk: reverse("admin:fulfillment_vendororder_change", args=[pk]),
            vendor_order_numbers,
        )
        refs.register(
            "return", "Return", lambda pk: reverse("admin:fulfillment_return_change", args=[pk]), return_numbers
        )
        journal.accompany("order", companions)
        beyond.tell_arrivals(by_line=delivered_quantities, by_order=delivered_by_order)
        beyond.tell_moments(moments)
        panels.register("order", panels.Panel("Shipments", 10, shipments_panel))
        panels.register("shipment", panels.Panel("Recall", 20, recall_panel))
        panels.register("shipment", panels.Panel("Vendor's order", 10, vendor_panel))
        panels.register("field_usage", panels.Panel("Billing", 10, usage_panel))
        invariants.register("shipments say what their demands say", checks.shipments_match_demands)
        invariants.register("packages hold what was picked, each unit once", checks.packages_hold_what_was_picked)
        invariants.register("a vendor sends what was bought of it", checks.vendors_send_what_was_bought)
        invariants.register("released and shipped exposure are the shipment lines", checks.exposure_matches_shipments)
        invariants.register(
            "shipped never exceeds what was allocated of a lot", checks.lines_ship_what_their_claims_held
        )
