"""Business documents on paper: every page says which of how many it is."""

import re
import zlib
from base64 import a85decode

from reportlab.pdfbase.pdfmetrics import stringWidth

from core.paper import Column, Paper


def drawn(pdf: bytes) -> list[str]:
    """Every stream of the document as text, in its order."""
    parts = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return [zlib.decompress(a85decode(p.strip().removesuffix(b"~>"))).decode("latin-1") for p in parts if b"~>" in p]


def test_the_letterhead_is_whole_on_the_first_page_and_a_name_on_the_others():
    paper = Paper("Statement", ("Acme Supply", "2200 Harbor Way", "Columbus, OH"))
    paper.table([Column("Item", 100)], [(f"row {n}",) for n in range(60)])
    first, second = [s for s in drawn(paper.finish()) if "page" in s]
    assert [first.count(f"({x})") for x in ("Acme Supply", "2200 Harbor Way", "Columbus, OH")] == [1, 1, 1]
    assert [second.count(f"({x})") for x in ("Acme Supply", "2200 Harbor Way", "Columbus, OH")] == [1, 0, 0]


def test_what_does_not_fit_its_column_is_cut_and_numbers_end_at_their_edge():
    paper = Paper("T")
    paper.table([Column("Item", 60), Column("Amount", 80, is_number=True)], [("W" * 30, "1,234.50"), ("short", "7.00")])
    (page,) = [s for s in drawn(paper.finish()) if "page" in s]
    (cut,) = re.findall(r"\((W+\S*)\) Tj", page)
    assert 4 < cut.count("W") < 8
    edges = [
        float(x) + stringWidth(text, "Helvetica", 9)
        for x, text in re.findall(r"1 0 0 1 (\S+) \S+ Tm \(([0-9,.]+)\) Tj", page)
    ]
    assert len(edges) == 2 and all(abs(edge - (50 + 60 + 80 - 6)) < 0.01 for edge in edges)


def test_every_page_says_which_of_how_many_it_is():
    paper = Paper("Invoice INV-1")
    paper.table([Column("Item", 100)], [(f"row {n}",) for n in range(120)])
    streams = drawn(paper.finish())
    pages = [s for s in streams if "page" in s]
    assert [re.search(r"page (\d+) of", s)[1] for s in pages] == ["1", "2", "3"]
    assert all("Do" in s for s in pages)
    (count,) = [s for s in streams if s not in pages]
    assert re.findall(r"\((\d+)\) Tj", count) == ["3"]
