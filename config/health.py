"""Is this process alive (`/healthz`), and may it be sent traffic (`/readyz`)?"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.environment import redis_client_url

BROKER_TIMEOUT_S = 2.0
_schema_is_current = False


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Touches nothing: a database that is away must not make the orchestrator kill healthy processes."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database, its schema and the broker are there; else 503 with what is wrong with each."""
    problems = {name: problem for name, check in CHECKS.items() if (problem := check())}
    report = {name: problems.get(name, "ok") for name in CHECKS}
    return JsonResponse({"ready": not problems, "checks": report}, status=503 if problems else 200)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"unreachable ({type(error).__name__})"
    return ""


def _migrations() -> str:
    """Remembered once it is true: a running process never sees its own schema go back."""
    global _schema_is_current
    if _schema_is_current:
        return ""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"unknown ({type(error).__name__})"
    if missing:
        return f"{len(missing)} not applied, first {missing[0][0]}"
    _schema_is_current = True
    return ""


def _broker() -> str:
    client = redis.Redis.from_url(
        redis_client_url(settings.REDIS_URL, db=0),
        socket_timeout=BROKER_TIMEOUT_S,
        socket_connect_timeout=BROKER_TIMEOUT_S,
    )
    try:
        client.ping()
    except redis.RedisError as error:
        return f"unreachable ({type(error).__name__})"
    finally:
        client.close()
    return ""


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
}
