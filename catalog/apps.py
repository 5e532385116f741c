"""What is sold, in which units, under which names, and who may buy it."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    verbose_name = "Catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.urls import reverse

        from catalog import sheets
        from core import refs

        refs.register("product", "Product", lambda pk: reverse("admin:catalog_product_change", args=[pk]))
        sheets.register()
