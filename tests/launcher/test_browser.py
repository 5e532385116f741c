"""Which browser drives the browser tests, what is said where there is none, and which tests a word of `./run` means."""

import subprocess
import sys

import pytest

from config.launcher import browser, commands
from config.launcher.folder import REPOSITORY, Refusal


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on its path; call it with a name and a script to install that."""
    monkeypatch.delenv("OMS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    browser.chromium.cache_clear()

    def install(name, script="echo 1.0"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        return str(program)

    yield install
    browser.chromium.cache_clear()


def test_without_a_browser_the_line_that_installs_one_is_given(machine):
    assert browser.chromium() is None
    assert "apt-get install chromium" in browser.missing()


def test_debians_chromium_is_found_first(machine):
    machine("google-chrome")
    found = machine("chromium")
    assert browser.chromium() == found


def test_a_stub_that_only_gives_advice_is_passed_over(machine):
    machine("chromium-browser", "echo 'install the snap' >&2; exit 1")
    found = machine("google-chrome")
    assert browser.chromium() == found


def test_a_browser_that_was_named_wins_and_is_refused_when_it_does_not_start(machine, monkeypatch):
    machine("chromium")
    monkeypatch.setenv("OMS_CHROMIUM", own := machine("my-chromium"))
    assert browser.chromium() == own
    browser.chromium.cache_clear()
    monkeypatch.setenv("OMS_CHROMIUM", "/no/such/browser")
    with pytest.raises(Refusal, match="OMS_CHROMIUM is /no/such/browser"):
        browser.chromium()


def test_without_what_drives_the_browser_its_lock_is_named(machine, monkeypatch):
    machine("chromium")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "--require-hashes -r requirements-browser.lock" in browser.missing()


def test_browser_test_is_refused_in_one_line_where_it_cannot_run(machine):
    with pytest.raises(Refusal, match="The browser tests cannot run: no browser"):
        commands.browser_test([])


def test_the_tests_leave_the_browser_out_unless_marks_are_chosen():
    assert commands._pytest(["-q"]) == ["-m", "pytest", "-n", "2", "-m", "not browser", "-q"]
    assert commands._pytest(["-m", "races"]) == ["-m", "pytest", "-n", "2", "-m", "races"]
    assert commands._pytest(["--pdb"]) == ["-m", "pytest", "-m", "not browser", "--pdb"]


def test_browser_test_runs_the_browser_tests_and_keeps_a_database_of_their_own():
    assert commands._browser_pytest(["-q"])[-4:] == ["-m", "browser", "-q", "tests/browser"]
    one = "tests/browser/test_harness.py"
    assert commands._browser_pytest([one])[-3:] == ["-m", "browser", one]
    assert commands._browser_settings(["--reuse-db"])["OMS_TEST_DATABASE"] == "test_browser"
    assert commands._test_settings(["--reuse-db"])["OMS_TEST_DATABASE"] == "test_holdfast"


def test_browser_tests_among_others_are_skipped_because_their_rows_stay():
    both = ["tests/browser/test_harness.py", "tests/core/rules/test_money.py"]
    words = [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider", *both]
    told = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert "16 skipped" in told.stdout
    assert "./run browser-test" in told.stdout or "apt-get install chromium" in told.stdout
