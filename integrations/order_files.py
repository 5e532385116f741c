"""Order files: the rows of a table file, counted without blank lines, the heading being row 1."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.table_files import NotATable as NotAnOrderFile
from integrations.table_files import TableFile as OrderFile
from integrations.table_files import open_table

__all__ = ["NotAnOrderFile", "OrderFile", "open_order_file"]


@contextmanager
def open_order_file(path: Path) -> Iterator[OrderFile]:
    """Raises NotAnOrderFile, OSError."""
    with open_table(path) as found:
        found.rows = ((number, cells) for number, (_, cells) in enumerate(found.rows, start=2))
        yield found
