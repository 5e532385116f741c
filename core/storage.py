"""How tables lie on disk, for migrations."""

from django.db.migrations.operations import RunSQL


def leave_room(table: str, percent: int) -> RunSQL:
    """Fill new pages to `percent` only: a row that is changed often finds room beside itself, and no index is written.

    Holds as long as the change touches no indexed column.
    """
    return RunSQL(
        f"ALTER TABLE {table} SET (fillfactor = {percent})", f"ALTER TABLE {table} RESET (fillfactor)", elidable=False
    )
