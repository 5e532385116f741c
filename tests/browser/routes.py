"""The site's addresses as its resolver knows them, so that a new page is looked at without being listed anywhere."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from tests.browser import company
from tests.factories.doors import browser_of

REDIRECTS = (301, 302, 303)


def routes(space: str) -> dict[str, URLPattern]:
    """Every named address of the namespace ("": of none)."""
    return {p.name: p for s, p in _walk(get_resolver(), "") if s == space and p.name}


def _walk(resolver: URLResolver, space: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, entry.namespace or space)
        else:
            yield space, entry


def address(space: str, name: str, arguments: Mapping[str, Callable[[], dict[str, Any]]]) -> str:
    """Where it is; an address with arguments nobody gave gets some that name nothing, enough for one that is posted to."""
    route = f"{space}:{name}" if space else name
    if name in arguments:
        return reverse(route, kwargs=arguments[name]())
    for nothing in (0, "nothing"):
        kinds = routes(space)[name].pattern.converters
        try:
            return reverse(route, kwargs=dict.fromkeys(kinds, nothing))
        except NoReverseMatch:
            continue
    raise AssertionError(f"How is {route} opened? Give its arguments in the test that asks")


def is_page(answer: Any) -> bool:
    """A whole page: no file, and no part that a script fetches into one."""
    return (
        answer.status_code == 200 and not answer.streaming and answer.content.lstrip()[:14].lower() == b"<!doctype html"
    )


def visitor_of(path: str, people: tuple[str, ...]) -> str | None:
    """The first of the people who is shown a page there; None where nothing is shown to anybody: it is posted to, sends
    on elsewhere, or answers scripts. Fails for a page that needs other arguments, and for a broken one."""
    for who in people:
        answer = browser_of(company.person(who)).get(path)
        if is_page(answer):
            return who
        assert answer.status_code != 404, f"{path} shows nothing: give its arguments in the test that asks"
        assert answer.status_code in (200, 403, 405, *REDIRECTS), f"{path}: {answer.status_code}"
    return None
