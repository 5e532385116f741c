"""`/metrics` for Prometheus: requests by route, and jobs by state."""

import hmac
import os
import time
from collections.abc import Callable, Iterable

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector

LOOPBACK = {"127.0.0.1", "::1"}
requests_total = Counter("holdfast_requests_total", "Requests answered", ["route", "method", "status"])
request_seconds = Histogram(
    "holdfast_request_seconds",
    "Time to answer, as the client waits for it",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15),
)


class RequestMetrics:
    """Counts by route pattern, never by path: a label per order would grow without end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = (match.view_name or match.route) if match else "(none)"
        method = request.method if request.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "other"
        request_seconds.labels(route, method).observe(time.perf_counter() - started)
        requests_total.labels(route, method, response.status_code).inc()
        return response


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _is_allowed(request):
        return HttpResponseForbidden("Set OMS_METRICS_TOKEN and send it as a bearer token.\n")
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _is_allowed(request: HttpRequest) -> bool:
    """By token where one is set; else from this machine only, and never through a proxy."""
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        return hmac.compare_digest(sent, settings.METRICS_TOKEN.encode())
    return request.META.get("REMOTE_ADDR") in LOOPBACK and "HTTP_X_FORWARDED_FOR" not in request.META


def _registry() -> CollectorRegistry:
    """All web processes' counters together when they share a folder, else this process's own."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        registry.register(_ThisProcess())
    registry.register(JobsByState())
    return registry


class _ThisProcess(Collector):
    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()


class JobsByState(Collector):
    """Read at each scrape: the database holds the truth about jobs."""

    def collect(self) -> Iterable[Metric]:
        gauge = GaugeMetricFamily("holdfast_jobs", "Outbox jobs by state", labels=["state"])
        for state, count in _job_counts():
            gauge.add_metric([str(state)], count)
        yield gauge


def _job_counts() -> list[tuple[object, int]]:
    try:
        jobs = apps.get_model("core", "Job")
        field = next(field.name for field in jobs._meta.get_fields() if field.name in {"state", "status"})
        return list(jobs._default_manager.values_list(field).annotate(count=Count("pk")).order_by(field))
    except (LookupError, StopIteration, DatabaseError):
        return []
