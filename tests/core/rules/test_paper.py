"""Business documents on paper: every page says which of how many it is."""

import re
import zlib
from base64 import a85decode

from core.paper import Column, Paper


def drawn(pdf: bytes) -> list[str]:
    """Every stream of the document as text, in its order."""
    parts = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return [zlib.decompress(a85decode(p.strip().removesuffix(b"~>"))).decode("latin-1") for p in parts if b"~>" in p]


def test_every_page_says_which_of_how_many_it_is():
    paper = Paper("Invoice INV-1")
    paper.table([Column("Item", 100)], [(f"row {n}",) for n in range(120)])
    streams = drawn(paper.finish())
    pages = [s for s in streams if "page" in s]
    assert [re.search(r"page (\d+) of", s)[1] for s in pages] == ["1", "2", "3"]
    assert all("Do" in s for s in pages)
    (count,) = [s for s in streams if s not in pages]
    assert re.findall(r"\((\d+)\) Tj", count) == ["3"]
