"""KPIs by the clock. Safe with none, one or three beats."""

from datetime import timedelta

from celery import shared_task

from core import clock
from reporting.services.build_kpis import FIRST, build_kpis, build_recent_kpis
from reporting.services.tell_shortfalls import tell_shortfalls


@shared_task(name="reporting.tasks.build_recent")
def build_recent() -> int:
    now = clock.db_now()
    built = build_recent_kpis(now=now)
    tell_shortfalls(now=now)
    return built


@shared_task(name="reporting.tasks.build_all")
def build_all() -> int:
    tomorrow = clock.local_date(clock.db_now(), "UTC") + timedelta(days=1)
    return build_kpis(start=FIRST, end=tomorrow)
