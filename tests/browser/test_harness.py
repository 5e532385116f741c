"""The watching itself: each thing a page must not do is noticed, so that a green run means something."""

from typing import Any

import pytest

from tests.browser.visit import NARROW, Surfer, checked, faults_of

HEAD = "<!doctype html><html lang='en'><head><title>A page</title><link rel='icon' href='data:,'></head>"
GOOD = "<main><h1>Fine</h1><p>Nothing to see.</p></main>"
ELSEWHERE = "http://elsewhere.example/"
STRICT = {"content-security-policy": "script-src 'self'"}

# what the page does: (its body, the headers it comes with, the words of the fault)
MISDEEDS: dict[str, tuple[str, dict[str, str], str]] = {
    "console error": ("<script>console.error('lost')</script>", {}, "console error: lost"),
    "console warning": ("<script>console.warn('old')</script>", {}, "console warning: old"),
    "thrown error": ("<script>nothing.at.all()</script>", {}, "script error: nothing is not defined"),
    "forgotten promise": ("<script>Promise.reject(new Error('late'))</script>", {}, "script error: late"),
    "external picture": (f"<img alt='' src='{ELSEWHERE}a.png'>", {}, f"external request: {ELSEWHERE}a.png"),
    "external script": (f"<script src='{ELSEWHERE}a.js'></script>", {}, f"external request: {ELSEWHERE}a.js"),
    "missing picture": ("<img alt='' src='/static/no-such.png'>", {}, "answer 404: GET "),
    "inline script": ("<script>1</script>", STRICT, "content policy: script-src-elem refused inline"),
}
# what somebody cannot use: (the body, the words of the fault)
OBSTACLES = {
    "picture without words": ("<main><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></main>", "axe image-alt"),
    "field without a name": ("<main><input type='text'></main>", "axe label"),
    "faint text": ("<main style='background:#fff'><p style='color:#bbb'>Faint</p></main>", "axe color-contrast"),
    "tiny buttons": ("<main><button style='width:9px;height:9px;padding:0' aria-label='a'></button>"
                     "<button style='width:9px;height:9px;padding:0' aria-label='b'></button></main>", "axe target-size"),
    "too wide": ("<main><div id='wide' style='width:500px'>Wide</div></main>", "scrolls sideways by"),
}  # fmt: skip


def opened(surfer: Surfer, body: str, headers: dict[str, str] | None = None) -> Any:
    """A page of ours with that body; nobody is really asked anything elsewhere."""
    page = surfer.page(None, width=NARROW)
    page.route(f"{ELSEWHERE}**", lambda route: route.abort())
    made = f"{HEAD}<body>{body}</body></html>"
    page.route("**/made-up/", lambda route: route.fulfill(body=made, content_type="text/html", headers=headers or {}))
    surfer.go(page, "/made-up/")
    return page


@pytest.mark.parametrize("name", MISDEEDS)
def test_a_page_that_misbehaves_is_caught(surfer: Surfer, name: str) -> None:
    body, headers, words = MISDEEDS[name]
    page = opened(surfer, GOOD + body, headers)
    faults = surfer.recorder(page).faults
    assert any(fault.startswith(words) for fault in faults), faults
    faults.clear()


@pytest.mark.parametrize("name", OBSTACLES)
def test_a_page_somebody_cannot_use_is_caught(surfer: Surfer, name: str) -> None:
    body, words = OBSTACLES[name]
    faults = faults_of(opened(surfer, body), "harness", theme="light", widths=[NARROW])
    assert [f for f in faults if words in f], faults


def test_a_good_page_passes(surfer: Surfer) -> None:
    assert faults_of(opened(surfer, GOOD), "harness", theme="light", widths=[NARROW]) == []


def test_a_fault_on_a_page_fails_its_test(site: str, chrome: Any) -> None:
    test = checked(Surfer(site, chrome, {}))
    opened(next(test), "<main><h1>Bad</h1></main><script>console.error('lost')</script>")
    with pytest.raises(AssertionError, match="/made-up/: console error: lost"):
        next(test)


def test_what_a_test_expects_is_no_fault(surfer: Surfer) -> None:
    page = opened(surfer, f"{GOOD}<script>console.error('on purpose')</script>")
    surfer.recorder(page).expect("on purpose")
    assert surfer.recorder(page).unexpected() == []
    assert len(surfer.recorder(page).faults) == 1
