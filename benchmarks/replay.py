"""W8 of the performance plan: a real order history through all stages, each run in a database of its own."""

from datetime import date
from pathlib import Path
from typing import Any

HISTORY = Path(__file__).parents[2] / "shared/data/orders/online_retail_2010-12_to_2011-03.csv.xz"


def w8(path: Path, until: date) -> dict[str, Any]:
    """The replay's own report, with the figures that belong to a table row."""
    from config.replay.history import read_history
    from config.replay.run import Asked, replay

    told = replay(read_history(path), Asked(until)).as_json()
    return {"workload": "w8", "what": f"{path.name} to {until}", **told}


def text(row: dict[str, Any]) -> str:
    spent = sum(row["stages"].values())
    shares = ", ".join(f"{s} {t / spent:.0%}" for s, t in sorted(row["stages"].items(), key=lambda x: -x[1])[:8])
    return (
        f"{'w8':8}  {row['what']}: {row['lines']:,} lines, {row['orders']:,} orders, {row['days']} days: "
        f"{row['lines_per_second']:,} lines/s through all stages ({shares} …); fill rate {row['fill_rate']:.1%}, "
        f"{len(row['breaches'])} breaches"
    )
