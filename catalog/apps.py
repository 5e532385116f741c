"""What is sold, in which units, under which names, and who may buy it."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from catalog import sheets
        from catalog.panels import licences_of_account
        from core import panels, refs

        refs.register("product", "Product", lambda pk: reverse("admin:catalog_product_change", args=[pk]))
        panels.register("account", panels.Panel("Licences", 40, licences_of_account))
        sheets.register()
