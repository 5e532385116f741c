from collections.abc import Callable

from django.apps import AppConfig
from django.urls import reverse


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import refs
        from integrations import checks

        checks.register()

        def screen(model: str) -> Callable[[int], str]:
            return lambda pk: reverse(f"admin:integrations_{model}_change", args=[pk])

        refs.register("trading_partner", "Trading partner", screen("partnerprofile"))
        refs.register("interchange", "Interchange", screen("interchange"))
        refs.register("edi_transaction", "EDI transaction", screen("editransaction"))
        refs.register("import", "Import", screen("upload"))
