from importlib.util import find_spec

import pytest
import redis
from django.apps import apps
from django.conf import settings

from config.celery import app


def test_healthz_answers_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_is_ready_when_database_schema_and_broker_are(client):
    answer = client.get("/readyz")
    assert answer.json() == {"ready": True, "checks": {"database": "ok", "migrations": "ok", "broker": "ok"}}
    assert answer.status_code == 200


@pytest.mark.django_db
def test_readyz_says_what_is_away(client, settings, tmp_path):
    settings.REDIS_URL = f"redis+socket://{tmp_path}/nobody.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "database": "ok",
        "migrations": "ok",
        "broker": "unreachable (ConnectionError)",
    }


@pytest.mark.django_db
def test_metrics_count_requests_by_route_and_not_by_path(client):
    client.get("/healthz")
    client.get("/no/such/page/for-nobody")
    text = client.get("/metrics").content.decode()
    assert 'holdfast_requests_total{method="GET",route="healthz",status="200"}' in text
    assert "# TYPE holdfast_jobs gauge" in text
    assert "for-nobody" not in text


def test_metrics_are_for_this_machine_unless_a_token_is_set(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403
    assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 403
    settings.METRICS_TOKEN = "s3cret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 403


@pytest.mark.django_db
def test_metrics_open_with_their_token_from_anywhere(client, settings):
    settings.METRICS_TOKEN = "s3cret"
    answer = client.get("/metrics", headers={"authorization": "Bearer s3cret"}, REMOTE_ADDR="203.0.113.9")
    assert answer.status_code == 200


@pytest.mark.django_db
def test_only_the_console_may_evaluate_script_and_style_inline(client):
    strict = client.get("/sign-in/login/").headers["Content-Security-Policy"]
    console = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "unsafe" not in strict
    assert "script-src 'self' 'unsafe-eval'" in console
    assert "style-src 'self' 'unsafe-inline'" in console


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()
    rooms = {config.name for config in apps.get_app_configs() if find_spec(f"{config.name}.tasks")}
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {task for task in scheduled if task.split(".")[0] in rooms} <= set(app.tasks)
    assert {task.split(".")[0] for task in scheduled} <= set(settings.ROOMS)


@pytest.mark.django_db
def test_the_app_role_may_work_with_rows_but_owns_nothing():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'holdfast_app'")
        if (role := cursor.fetchone()) is None:
            pytest.skip("another database than the embedded one")
        assert role == (False, False)
        cursor.execute("SELECT has_table_privilege('holdfast_app', 'core_job', 'SELECT, INSERT, UPDATE, DELETE')")
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = 'holdfast_app'")
        assert cursor.fetchone() == (0,)


def test_a_cache_that_is_away_costs_time_and_not_requests(tmp_path):
    from config.cache import ForgivingRedisCache

    away = ForgivingRedisCache(f"unix://{tmp_path}/nobody.sock?db=1", {})
    away.set("a", 1)
    assert away.get("a", "otherwise") == "otherwise"
    assert away.get_many(["a"]) == {}
    with pytest.raises(redis.ConnectionError):
        away.clear()


@pytest.mark.django_db
def test_staff_come_in_by_the_one_sign_in_page(client):
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/login/")


@pytest.mark.django_db
def test_the_sidebar_shows_only_screens_that_are_installed(client, django_user_model):
    boss = django_user_model.objects.create_superuser(username="boss", email="boss@example.com", password="x")
    client.force_login(boss)
    page = client.get("/admin/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "Dashboard" in text
    assert 'href="/admin/"' in text
    assert "config.console" not in text


def test_every_process_that_loads_the_site_sends_tasks_to_the_configured_broker():
    from celery import current_app

    assert current_app.main == "holdfast"
    assert current_app.conf.broker_url == settings.CELERY_BROKER_URL
