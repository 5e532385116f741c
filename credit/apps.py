from django.apps import AppConfig
from django.urls import reverse


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = "Credit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import invariants, refs
        from credit import checks

        invariants.register(checks.TOTALS, checks.total_drift)
        invariants.register(checks.DAYS, checks.open_order_drift)
        invariants.register(checks.RATES, checks.rate_drift)
        refs.register("credit_account", "Credit account", _page)


def _page(pk: int) -> str:
    return reverse("admin:credit_creditaccount_change", args=[pk])
