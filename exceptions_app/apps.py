from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ExceptionsConfig(AppConfig):
    name = "exceptions_app"
    verbose_name = "Exceptions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from exceptions_app import panels

        autodiscover_modules("exception_kinds", "detectors", "resolutions")
        panels.register()
