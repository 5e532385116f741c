"""Where the shared sample files are, and small X12 files made by hand."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = next((d for d in (ROOT.parent / "shared", ROOT.parent.parent / "shared") if d.is_dir()), None)
X12 = SHARED / "data" / "x12" if SHARED else ROOT / "no-shared-data"
ORDERS = SHARED / "data" / "orders" if SHARED else ROOT / "no-shared-data"
needs_samples = pytest.mark.skipif(not X12.is_dir(), reason="the shared samples (../shared/data) are not here")


def manifest() -> list[dict[str, str]]:
    """One dict per sample file; empty where the samples are absent."""
    if not X12.is_dir():
        return []
    head, *rows = (line.split("\t") for line in (X12 / "MANIFEST.tsv").read_text().splitlines())
    return [dict(zip(head, row, strict=False)) for row in rows]


def isa(control: str = "000000001", sender: str = "SENDER", *, at: str = "260709*1200", mark: str = ">") -> str:
    return f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:15}*ZZ*{'US':15}*{at}*U*00401*{control}*0*T*{mark}"


def po(number: str = "PO1", lines: str = "PO1*1*5*EA*10**VN*A-1", control: str = "0001", beg: str = "00*SA") -> str:
    """The segments of one 850 joined by `~`, counted right."""
    body = [f"ST*850*{control}", f"BEG*{beg}*{number}**20260709", *lines.split("~")]
    body.append(f"CTT*{sum(s.startswith('PO1*') for s in body)}")
    return "~".join([*body, f"SE*{len(body) + 1}*{control}"])


def file(
    *sets: str, control: str = "000000001", sender: str = "SENDER", group: str = "1", at: str = "260709*1200"
) -> str:
    """One interchange, one group, terminated by `~`."""
    parts = [isa(control, sender, at=at), f"GS*PO*{sender}*US*20260709*1200*{group}*X*004010", *sets]
    return "~".join([*parts, f"GE*{len(sets)}*{group}", f"IEA*1*{control}"]) + "~"
