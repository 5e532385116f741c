from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import refs
        from orders import checks
        from orders.ledgers import line_names

        checks.register()
        refs.register("order", "Order", _page)
        refs.register("order_line", "Order", numbers=line_names)


def _page(pk: int) -> str:
    from django.urls import reverse

    return reverse("admin:orders_order_change", args=[pk])
