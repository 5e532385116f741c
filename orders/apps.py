from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import refs
        from inventory import firmness as firm_stock
        from inventory.states import STOCK_HOLD
        from orders import checks, firmness
        from orders.ledgers import line_names

        checks.register()
        firm_stock.register("credit at allocation", firmness.kept_soft)
        refs.register("order", "Order", _page)
        refs.register("order_line", "Order", numbers=line_names)
        refs.register(STOCK_HOLD, "Held draft", _held_page)


def _page(pk: int) -> str:
    from django.urls import reverse

    return reverse("admin:orders_order_change", args=[pk])


def _held_page(pk: int) -> str:
    from django.urls import reverse

    return reverse("admin:orders_stockhold_change", args=[pk])
