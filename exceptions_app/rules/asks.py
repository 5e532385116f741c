"""What other rooms give to and get from this one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.refs import DocumentRef


@dataclass(frozen=True)
class CaseSpec:
    """A case to open. `cause_key` tells causes of the same subject apart ("hold:12", "line:3"); it may be empty.

    `money_at_risk` is in `currency`. `evidence` holds plain values (see core.codec) that show what was seen.
    """

    kind: str
    subject: DocumentRef
    cause_key: str = ""
    account_id: int | None = None
    money_at_risk: Decimal = Decimal(0)
    currency: str = ""
    summary: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int, str]:
        """At most one live case has it."""
        return (self.kind, self.subject.kind, self.subject.id, self.cause_key)


@dataclass(frozen=True)
class CaseSnapshot:
    """A case as other rooms and resolutions see it."""

    id: int
    number: str
    kind: str
    status: str
    subject: DocumentRef
    cause_key: str
    account_id: int | None
    money_at_risk: Decimal
    currency: str
    severity: str
    severity_why: str
    queue: str
    assignee_id: int | None
    summary: str
    evidence: Mapping[str, Any]
    opened_at: datetime
    respond_by: datetime
    resolve_by: datetime
    breach_at: datetime | None
    responded_at: datetime | None
    breached_at: datetime | None
    is_live: bool
    is_paused: bool

    @property
    def key(self) -> tuple[str, str, int, str]:
        return (self.kind, self.subject.kind, self.subject.id, self.cause_key)
