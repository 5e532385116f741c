from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.apps import apps
        from django.conf import settings

        from core import arrays, audit_checks, lookups, shown, words

        words.name_everything(m for m in apps.get_models() if m._meta.app_label in settings.ROOMS)
        shown.install()
        audit_checks.register()
        arrays.register()
        lookups.register()
