"""The label on a package: from, to, carrier, content, and its SSCC as GS1-128. 4 × 6 inches, one package a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from fulfillment.rules.code128 import Element, element, gs1_symbols, human, modules

WIDTH, HEIGHT = 101.6 * mm, 152.4 * mm
EDGE, QUIET = 5 * mm, 10  # the quiet zone in modules, each side
MODULE, TALL = 0.495 * mm, 31.75 * mm  # GS1 for logistic units: 0.495 to 1.016 mm a module, at least 31.75 mm high
REGULAR, BOLD = "Helvetica", "Helvetica-Bold"


@dataclass(frozen=True)
class Label:
    """What one label says. `lines` are the content in words; `gtin` and `count` are given where all of it is one trade
    item of one lot: then its content stands as a second bar code."""

    sscc: str
    sender: tuple[str, ...]
    receiver: tuple[str, ...]
    carrier: str
    shipment: str
    po_number: str
    place: str  # "1 of 3"
    lines: tuple[str, ...]
    weight: str = ""
    gtin: str = ""
    count: str = ""
    lot: str = ""

    @property
    def content(self) -> tuple[Element, ...]:
        """AI 02 and 37, with 10 for the lot; nothing where the content is mixed."""
        if not self.gtin:
            return ()
        counted = [element("02", self.gtin.zfill(14)), element("37", self.count)]
        return (*counted, element("10", self.lot)) if self.lot else tuple(counted)


def labels_pdf(labels: Sequence[Label]) -> bytes:
    """A page a label; the same labels give the same bytes."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=1, invariant=1)
    canvas.setTitle(f"Labels of {labels[0].shipment}" if labels else "Labels")
    for label in labels:
        _draw(canvas, label)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, label: Label) -> None:
    y = HEIGHT - EDGE
    y = _block(canvas, y, "From", label.sender[:4], 7)
    y = _block(canvas, y - 2 * mm, "To", label.receiver[:6], 10)
    _rule(canvas, y)
    y = _pair(canvas, y - 4 * mm, ("Carrier", label.carrier or "own truck"), ("Shipment", label.shipment))
    y = _pair(
        canvas,
        y,
        ("PO", label.po_number or "none"),
        ("Package", label.place + (f", {label.weight}" if label.weight else "")),
    )
    for line in label.lines[:3]:
        _text(canvas, EDGE, y, line, 7)
        y -= 3.2 * mm
    if len(label.lines) > 3:
        _text(canvas, EDGE, y, f"and {len(label.lines) - 3} more", 7)
    _rule(canvas, EDGE + TALL + 31 * mm)
    if label.content:
        _bars(canvas, EDGE + TALL + 13 * mm, 13 * mm, label.content, WIDTH - 2 * EDGE)
    _bars(canvas, EDGE + 5 * mm, TALL, [element("00", label.sscc)], WIDTH - 2 * EDGE)


def _bars(canvas: Canvas, y: float, height: float, elements: Sequence[Element], room: float) -> None:
    """Bars with their line below, as wide as GS1 asks and the label has room for; dark modules side by side are one bar."""
    drawn = modules(gs1_symbols(elements))
    width = min(MODULE, room / (len(drawn) + 2 * QUIET))
    x = (WIDTH - width * len(drawn)) / 2
    start = 0
    for n in range(1, len(drawn) + 1):
        if n == len(drawn) or drawn[n] != drawn[start]:
            if drawn[start] == "1":
                canvas.rect(x + start * width, y, (n - start) * width, height, stroke=0, fill=1)
            start = n
    words = human(elements)
    _text(canvas, (WIDTH - stringWidth(words, REGULAR, 9)) / 2, y - 3.6 * mm, words, 9)


def _block(canvas: Canvas, y: float, title: str, lines: Sequence[str], size: float) -> float:
    y -= 2.6 * mm
    _text(canvas, EDGE, y, title, 6)
    for line in lines:
        _text(canvas, EDGE + 12 * mm, y, line, size, BOLD if size > 8 else REGULAR)
        y -= size + 1.8
    return y


def _pair(canvas: Canvas, y: float, *pairs: tuple[str, str]) -> float:
    half = (WIDTH - 2 * EDGE) / 2
    for n, (title, words) in enumerate(pairs):
        x = EDGE + n * half
        _text(canvas, x, y, title, 6)
        _text(canvas, x + 12 * mm, y, words, 8, BOLD, until=x + half - (0 if n else 2 * mm))
    return y - 4.2 * mm


def _rule(canvas: Canvas, y: float) -> None:
    canvas.setLineWidth(0.7)
    canvas.line(EDGE, y, WIDTH - EDGE, y)


def _text(
    canvas: Canvas, x: float, y: float, words: str, size: float, font: str = REGULAR, until: float = WIDTH - EDGE
) -> None:
    """Cut where the label, or its own half, ends."""
    while words and stringWidth(words, font, size) > until - x:
        words = words[:-1]
    canvas.setFont(font, size)
    canvas.drawString(x, y, words)
