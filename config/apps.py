from django.apps import AppConfig
from django.contrib import admin


class HouseConfig(AppConfig):
    """The top floor: commands that cross rooms, and the flow."""

    name = "config"
    label = "house"

    def ready(self) -> None:
        from config import celery  # noqa: F401 - every process that may send a task must know the broker
        from config.flow import FLOW
        from core import outbox

        outbox.register_flow(FLOW)
        admin.site.empty_value_display = "–"
