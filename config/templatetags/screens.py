"""What the console's head calls a page: the words of the sidebar, where people came from."""

from typing import Any

from django import template
from django.http import HttpRequest

from config.console import chosen_line, said_by_the_sidebar

register = template.Library()


@register.filter
def crumbs(parts: list[dict[str, Any]], request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's parts (room, screen, row) as the sidebar names them (section, screen), with the row's own headline.

    A screen that is called as its section is named once. A page with a line of its own in the sidebar is called by it,
    whatever screen's parts it was drawn with.
    """
    if (line := chosen_line(request)) == request.path and (said := said_by_the_sidebar(line)) != ("", ""):
        return [{"title": said[0]}, {"title": said[1], "link": line}]
    if len(parts) < 2 or not parts[1].get("link"):
        return parts
    room, screen, *row = parts
    section, title = said_by_the_sidebar(str(screen["link"]))
    first = {"title": section} if section else room
    last = [{**part, "title": getattr(part["title"], "headline", part["title"])} for part in row]
    named = {**screen, "title": title or screen["title"]}
    return [named, *last] if named["title"] == first["title"] else [first, named, *last]
