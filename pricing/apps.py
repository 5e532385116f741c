from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "pricing"
    verbose_name = "Pricing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from core import refs
        from pricing import sheets

        refs.register("contract", "Contract", lambda pk: reverse("admin:pricing_contract_change", args=[pk]))
        refs.register("commitment", "Commitment", lambda pk: reverse("admin:pricing_commitment_change", args=[pk]))
        sheets.register()
