from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ExceptionsConfig(AppConfig):
    name = "exceptions_app"
    verbose_name = "Exceptions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import register

        from exceptions_app import checks, panels

        autodiscover_modules("exception_kinds", "detectors", "resolutions")
        panels.register()
        register(checks.every_kind_is_found_and_mended)
