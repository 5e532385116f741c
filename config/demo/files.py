"""Files of prices on their way in: one that was taken but for its wrong rows, which wait in its result file, and one that
somebody has looked at and not confirmed yet."""

from datetime import datetime, timedelta
from io import BytesIO

from config.demo.world import Item, World
from core.actors import Actor
from integrations.services.apply_upload import apply_upload
from integrations.services.confirm_upload import confirm_upload
from integrations.services.keep_upload import keep_upload
from integrations.services.name_columns import name_columns
from integrations.services.preview_upload import preview_upload
from integrations.states import ApplyMode

HEADER = "Price list,SKU,From quantity,Price,Tier,Unit,From"


def import_prices(world: World, now: datetime) -> None:
    """Next month's list prices of gloves and dressings; two rows are wrong: a product nobody knows, a price in words."""
    actor, begins = world.people["pricing"], (world.today.replace(day=1) + timedelta(days=32)).replace(day=1)
    items = [i for i in world.items if i.family in ("OXM", "SPC", "FOL")][:6]
    rows = [_row(item, 3, begins) for item in items]
    rows.insert(2, f"LIST,GLN-12O,1000,11.40,,,{begins}")
    rows.append(f"LIST,{items[0].sku},500,on request,,,{begins}")
    upload_id, version = _previewed(f"list-prices-{begins:%Y-%m}.csv", rows, actor, now)
    confirm_upload(
        upload_id=upload_id, version=version, mode=ApplyMode.VALID, actor=actor, now=now + timedelta(minutes=4),
        queued=False,
    )  # fmt: skip
    apply_upload(upload_id=upload_id, version=version, actor=actor, now=now + timedelta(minutes=5))
    waiting = [_row(item, 5, begins) for item in world.items if item.family in ("DRH", "BND")][:6]
    _previewed(f"dressings-{begins:%Y-%m}.csv", waiting, actor, now + timedelta(minutes=30))


def _row(item: Item, percent: int, begins: object) -> str:
    price = (item.price * (100 + percent) / 100 * 9 / 10).quantize(item.price)
    return f"LIST,{item.sku},1000,{price},,,{begins}"


def _previewed(name: str, rows: list[str], actor: Actor, now: datetime) -> tuple[int, int]:
    """(upload, version of its preview)."""
    text = "\n".join([HEADER, *rows, ""])
    kept = keep_upload(sheet_code="prices", name=name, source=BytesIO(text.encode()), actor=actor, now=now)
    name_columns(upload_id=kept.upload_id, columns=kept.columns, actor=actor, now=now, queued=False)
    preview_upload(upload_id=kept.upload_id, version=1, now=now + timedelta(minutes=1))
    return kept.upload_id, 1
