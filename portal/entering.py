"""What the quick order form posted: rows, a paste, a file. What cannot be read stays, and says why."""

from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.rules.asks import AccountSnapshot
from core import clock
from portal.access import PortalRequest, actor
from portal.drafts import held_of
from portal.quick import QuickPage, check
from portal.rules.lines import StatedLine, TooMany, UnreadableFile, read_fields, read_text
from portal.standing import headroom
from portal.uploads import read_upload

MODES = ("lines", "paste", "file")
MORE_ROWS = 5


def read_page(request: PortalRequest) -> QuickPage:
    """The posted lines, checked. A file's lines follow those already there."""
    page = _as_posted(request)
    version = request.POST.get("version", "")
    draft = request.POST.get("draft", "")[:30]
    return replace(page, draft=draft, version=int(version) if version.isdecimal() and len(version) < 9 else 0)


def empty_page(account: AccountSnapshot, mode: str) -> QuickPage:
    today = clock.local_date(clock.now(), account.time_zone)
    return QuickPage(account.currency, mode=mode, headroom=headroom(account.id, on=today))


def as_written(text: str) -> list[StatedLine]:
    """The lines of a page's own text, which was read once already."""
    stated = read_text(text)
    return [] if isinstance(stated, TooMany) else stated


def _as_posted(request: PortalRequest) -> QuickPage:
    text = request.POST.get("text", "")
    written = read_fields(_items(request), request.POST.getlist("qty")) if "item" in request.POST else read_text(text)
    if isinstance(written, TooMany):
        return _too_many(request, written, text)
    notice = ""
    if request.POST.get("mode") == "file" and (upload := request.FILES.get("file")) is not None:
        try:
            uploaded = read_upload(upload)
        except UnreadableFile as bad:
            why = _("The file %(name)s cannot be read: %(why)s.") % {"name": upload.name, "why": bad}
            return replace(_checked(request, written), mode="file", notice=why)
        stated, notice = _joined(written, uploaded.stated), uploaded.notice
        if isinstance(stated, TooMany):
            return replace(_too_many(request, stated, ""), mode="file")
        written = stated
    elif request.POST.get("mode") == "file" and not written and request.POST.get("do") in ("preview", "review"):
        return replace(empty_page(request.buying.account, "file"), notice=_("Choose a CSV or XLSX file first."))
    return replace(_in_mode(request, _checked(request, written)), read_notice=notice)


def _joined(written: list[StatedLine], added: list[StatedLine] | TooMany) -> list[StatedLine] | TooMany:
    if isinstance(added, TooMany):
        return added
    lines = [replace(line, number=n) for n, line in enumerate((*written, *added), start=1)]
    return lines if len(lines) <= TooMany(0).most else TooMany(len(lines))


def _checked(request: PortalRequest, stated: list[StatedLine]) -> QuickPage:
    account = request.buying.account
    held = held_of(request.POST.get("draft", ""), account.id)
    return check(stated, account=account, actor=actor(request), now=clock.now(), held=held)


def _in_mode(request: PortalRequest, page: QuickPage) -> QuickPage:
    """As rows, where they fit a form; the page another way of entering was asked for goes there with its lines."""
    do = request.POST.get("do", "")
    mode = do.removeprefix("to-")
    more = MORE_ROWS if do == "more" else 0
    if do.startswith("to-") and mode in MODES and not (mode == "lines" and page.fitting_mode != "lines"):
        return replace(page, mode=mode)
    return replace(page, mode=page.fitting_mode, extra_rows=more)


def _too_many(request: PortalRequest, stated: TooMany, text: str) -> QuickPage:
    notice = _("There are %(n)s lines; one order takes %(most)s. Nothing was read: split them in two.")
    found = _("more than %(n)s") % {"n": stated.found} if stated.is_more else str(stated.found)
    page = empty_page(request.buying.account, "paste")
    return replace(page, raw_text=text, notice=notice % {"n": found, "most": stated.most})


def _items(request: PortalRequest) -> list[str]:
    """The item fields, one of them replaced when a suggestion was taken ("use-3:ABC-1")."""
    items = request.POST.getlist("item")
    taken, _colon, sku = request.POST.get("do", "").partition(":")
    number = taken.removeprefix("use-")
    if taken.startswith("use-") and number.isdecimal() and len(number) < 6 and 0 < int(number) <= len(items):
        items[int(number) - 1] = sku
    return items
