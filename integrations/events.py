"""Facts about what other systems and people send in bulk."""

from dataclasses import dataclass

from core.outbox import Fact


@dataclass(frozen=True)
class ColumnsNamed(Fact):
    """Somebody said what the columns of an upload are: it can be previewed."""

    upload_id: int
    version: int


@dataclass(frozen=True)
class ImportConfirmed(Fact):
    """Somebody looked at the preview and wants it applied."""

    upload_id: int
    version: int


@dataclass(frozen=True)
class UndoConfirmed(Fact):
    """Somebody wants an applied import undone."""

    upload_id: int
    version: int
