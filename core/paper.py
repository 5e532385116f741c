"""A plain business document as PDF: a letterhead, columns, page numbers. Drawn line by line, so that ten thousand lines
take a second and no more memory than their text."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

LEFT, RIGHT, TOP, BOTTOM = 50.0, A4[0] - 50.0, A4[1] - 50.0, 60.0
ROW, TEXT, SMALL, TITLE = 15.0, 9.0, 8.0, 16.0
COUNT, COUNT_WIDTH = "pages", 14.0  # the number of pages, drawn once at the end
REGULAR, BOLD = "Helvetica", "Helvetica-Bold"


@dataclass(frozen=True)
class Column:
    """`width` in points from the left edge of the column; numbers stand at its right edge."""

    label: str
    width: float
    is_number: bool = False


class Paper:
    """Writes downwards and turns the page by itself. The same input gives the same bytes. `sender` is the letterhead: a
    name and its address, on the first page whole, on the others the name alone.
    """

    def __init__(self, title: str, sender: Sequence[str] = ()) -> None:
        self.title, self.sender = title, tuple(sender)
        self._out = BytesIO()
        self._canvas = Canvas(self._out, pagesize=A4, pageCompression=1, invariant=1)
        self._canvas.setTitle(title)
        self._page = 0
        self._y = TOP
        self._columns: tuple[Column, ...] = ()
        self._turn()

    def finish(self) -> bytes:
        self._foot()
        self._canvas.beginForm(COUNT)  # known only now; every foot refers to it
        self._text(0, 0, str(self._page), SMALL)
        self._canvas.endForm()
        self._canvas.save()
        return self._out.getvalue()

    def pairs(self, pairs: Sequence[tuple[str, str]], *, right: Sequence[tuple[str, str]] = ()) -> None:
        """Labels with their values, in one or two blocks beside each other."""
        top = self._y
        for block, x in ((pairs, LEFT), (right, (LEFT + RIGHT) / 2 + 20)):
            y = top
            for label, value in block:
                self._text(x, y, label, SMALL, BOLD)
                for line in value.split("\n"):
                    self._text(x + 80, y, _cut(line, RIGHT - x - 85, TEXT), TEXT)
                    y -= ROW
            self._y = min(self._y, y)
        self._y -= ROW

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        self._columns = tuple(columns)
        self._heads()
        for row in rows:
            self._room()
            self._row(row, REGULAR)
        self._columns = ()
        self._y -= ROW / 2

    def totals(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Sums at the right edge; the last one stands out."""
        for n, (label, value) in enumerate(pairs):
            self._room()
            font = BOLD if n == len(pairs) - 1 else REGULAR
            self._text(RIGHT - 200, self._y, label, TEXT, font)
            self._right(RIGHT, self._y, value, TEXT, font)
            self._y -= ROW
        self._y -= ROW / 2

    def words(self, text: str) -> None:
        self._room()
        self._text(LEFT, self._y, _cut(text, RIGHT - LEFT, TEXT), TEXT)
        self._y -= ROW

    def _heads(self) -> None:
        self._row([c.label for c in self._columns], BOLD)
        self._canvas.setLineWidth(0.5)
        self._canvas.line(LEFT, self._y + ROW - 4, RIGHT, self._y + ROW - 4)

    def _row(self, cells: Sequence[str], font: str) -> None:
        """All cells in one text object: a third of what a string by itself costs each."""
        x, row = LEFT, self._canvas.beginText()
        row.setFont(font, TEXT)
        for column, cell in zip(self._columns, cells, strict=True):
            if column.is_number:
                at, shown = x + column.width - 6 - _width(cell, TEXT, font), cell
            else:
                at, shown = x, _cut(cell, column.width - 6, TEXT, font)
            row.setTextOrigin(at, self._y)
            row.textOut(shown)
            x += column.width
        self._canvas.drawText(row)
        self._y -= ROW

    def _room(self) -> None:
        if self._y < BOTTOM + ROW:
            self._foot()
            self._canvas.showPage()
            self._turn()
            if self._columns:
                self._heads()

    def _turn(self) -> None:
        self._page += 1
        self._y = TOP
        self._text(LEFT, self._y, self.title, TITLE, BOLD)
        shown = self.sender if self._page == 1 else self.sender[:1]
        room = RIGHT - LEFT - 12 - _width(self.title, TITLE, BOLD)
        for n, line in enumerate(shown):
            font = BOLD if n == 0 else REGULAR
            self._right(RIGHT, self._y - n * 0.8 * ROW, _cut(line, room, TEXT, font), TEXT, font)
        self._y -= max(2.4, 0.8 * len(shown) + 1.6) * ROW

    def _foot(self) -> None:
        y = BOTTOM - 2 * ROW
        self._right(RIGHT - COUNT_WIDTH, y, f"{self.title} · page {self._page} of ", SMALL)
        self._canvas.saveState()
        self._canvas.translate(RIGHT - COUNT_WIDTH, y)
        self._canvas.doForm(COUNT)
        self._canvas.restoreState()

    def _text(self, x: float, y: float, text: str, size: float, font: str = REGULAR) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, y, text)

    def _right(self, x: float, y: float, text: str, size: float, font: str = REGULAR) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawRightString(x, y, text)


def _cut(text: str, width: float, size: float, font: str = REGULAR) -> str:
    """The text as far as it fits; what is cut ends in an ellipsis."""
    if _width(text, size, font) <= width:
        return text
    while text and _width(text + "…", size, font) > width:
        text = text[:-1]
    return text + "…"


def _width(text: str, size: float, font: str = REGULAR) -> float:
    """In points, as the font says of each letter: it knows no kerning. Asked of the font only where a letter is rare."""
    advances = _advances(font)
    try:
        return sum([advances[letter] for letter in text]) * size
    except KeyError:
        return float(stringWidth(text, font, size))


@cache
def _advances(font: str) -> dict[str, float]:
    """{letter: its width at 1 point} of what documents are mostly written in."""
    return {chr(code): stringWidth(chr(code), font, 1) for code in range(32, 127)}
