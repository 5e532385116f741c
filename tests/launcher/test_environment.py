import pytest

from config import environment as env
from config.launcher import postgres, valkey
from config.launcher.folder import DataFolder


def test_a_database_address_is_read_with_its_socket_folder_and_options():
    found = env.database("postgresql://me:p%40ss@/shop?host=/run/with%20space&sslmode=require")
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("shop", "me", "p@ss")
    assert (found["HOST"], found["OPTIONS"]) == ("/run/with space", {"sslmode": "require"})


def test_a_database_address_over_tcp_keeps_its_host_and_port():
    found = env.database("postgres://me@db.example:6432/shop")
    assert (found["HOST"], found["PORT"]) == ("db.example", "6432")


@pytest.mark.parametrize("url", ["mysql://me@db/shop", "postgresql://me@db/"])
def test_another_kind_of_address_is_refused(url):
    with pytest.raises(env.BadSetting, match="DATABASE_URL must look like"):
        env.database(url)


def test_the_launchers_addresses_are_ones_the_settings_can_read(tmp_path):
    folder = DataFolder(tmp_path / "a b")
    found = env.database(postgres.url(folder, postgres.APP))
    assert (found["USER"], found["NAME"]) == ("holdfast_app", "holdfast")
    assert found["HOST"] == str(folder.sockets)
    assert env.redis_client_url(valkey.url(folder), db=1) == f"unix://{folder.sockets}/valkey.sock?db=1"


def test_a_broker_over_tcp_keeps_everything_but_the_database_number():
    assert env.redis_client_url("rediss://:secret@cache:6380/0", db=1) == "rediss://:secret@cache:6380/1"


def test_the_process_environment_wins_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_text("# a comment\nOMS_A=from file\nOMS_B='quoted'\n")
    monkeypatch.setenv("OMS_A", "from process")
    monkeypatch.setenv("OMS_B", "")
    monkeypatch.delenv("OMS_B")
    env.load_dotenv(file)
    assert (env.text("OMS_A"), env.text("OMS_B")) == ("from process", "quoted")


def test_a_flag_that_is_neither_yes_nor_no_names_its_variable(monkeypatch):
    monkeypatch.setenv("OMS_DEBUG", "maybe")
    with pytest.raises(env.BadSetting, match="OMS_DEBUG must be 1 or 0"):
        env.flag("OMS_DEBUG")
