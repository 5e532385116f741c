from django.apps import AppConfig


class FulfillmentConfig(AppConfig):
    name = "fulfillment"
    verbose_name = "Fulfillment"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from core import invariants, panels, refs
        from fulfillment import checks
        from fulfillment.panels import recall_panel, shipments_panel, usage_panel
        from fulfillment.queries import shipment_numbers

        refs.register(
            "shipment",
            "Shipment",
            lambda pk: reverse("admin:fulfillment_shipment_change", args=[pk]),
            shipment_numbers,
        )
        refs.register("return", "Return", lambda pk: reverse("admin:fulfillment_return_change", args=[pk]))
        panels.register("order", panels.Panel("Shipments", 10, shipments_panel))
        panels.register("shipment", panels.Panel("Recall", 20, recall_panel))
        panels.register("field_usage", panels.Panel("Billing", 10, usage_panel))
        invariants.register("shipments say what their demands say", checks.shipments_match_demands)
        invariants.register("released and shipped exposure are the shipment lines", checks.exposure_matches_shipments)
        invariants.register(
            "shipped never exceeds what was allocated of a lot", checks.lines_ship_what_their_claims_held
        )
