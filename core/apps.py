from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import arrays, audit_checks, lookups

        audit_checks.register()
        arrays.register()
        lookups.register()
