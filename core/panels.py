"""Panels: rooms above add a section to a document's page, so that screens look forward without imports."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from core.refs import DocumentRef


@dataclass(frozen=True)
class Panel:
    """`render(ref, request)` gives safe HTML, or an empty string when there is nothing to say.

    Lower `order` comes first.
    """

    title: str
    order: int
    render: Callable[[DocumentRef, HttpRequest], str]


@dataclass(frozen=True)
class RenderedPanel:
    title: str
    html: str


_panels: dict[str, list[Panel]] = {}


def register(kind: str, panel: Panel) -> None:
    _panels.setdefault(kind, []).append(panel)


def rendered(ref: DocumentRef, request: HttpRequest) -> list[RenderedPanel]:
    panels = sorted(_panels.get(ref.kind, ()), key=lambda p: (p.order, p.title))
    return [RenderedPanel(p.title, html) for p in panels if (html := p.render(ref, request))]
