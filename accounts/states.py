"""Names that access rules, screens and the database share."""

from enum import StrEnum

from core.lifecycle import Lifecycle


class Role(StrEnum):
    CS = "cs"
    CS_LEAD = "cs_lead"
    PRICING = "pricing"
    FINANCE = "finance"
    FINANCE_APPROVER = "finance_approver"
    PLANNER = "planner"
    WAREHOUSE = "warehouse"
    REP = "rep"
    BUYER = "buyer"
    BUYER_APPROVER = "buyer_approver"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SERVICE = "service"


STAFF: frozenset[str] = frozenset(set(Role) - {Role.REP, Role.BUYER, Role.BUYER_APPROVER, Role.SERVICE})
BUYERS: frozenset[str] = frozenset({Role.BUYER, Role.BUYER_APPROVER})


class AccountStatus(StrEnum):
    PROSPECT = "prospect"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


ACCOUNT = Lifecycle(
    "account",
    {
        AccountStatus.PROSPECT: {AccountStatus.ACTIVE, AccountStatus.CLOSED},
        AccountStatus.ACTIVE: {AccountStatus.SUSPENDED, AccountStatus.CLOSED},
        AccountStatus.SUSPENDED: {AccountStatus.ACTIVE, AccountStatus.CLOSED},
        AccountStatus.CLOSED: set(),
    },
)


class ShipComplete(StrEnum):
    NONE = "none"
    LINE = "line"
    ORDER = "order"


class BuyerRole(StrEnum):
    ADMIN = "admin"
    BUYER = "buyer"
    APPROVER = "approver"
    VIEWER = "viewer"


class PromiseMail(StrEnum):
    """When somebody is written to about promises that moved."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NONE = "none"


class SpendingPeriod(StrEnum):
    """What a buyer's period limit is for, as calendar periods of the company's own days. A week starts on Monday."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class IdentifierKind(StrEnum):
    """What proves that an account belongs to a group."""

    GLN = "gln"
    DEA = "dea"
    HIN = "hin"
    ID_340B = "340b"
    OTHER = "other"


IDENTIFIER_NAMES = {
    IdentifierKind.GLN: "GLN (location number)",
    IdentifierKind.DEA: "DEA registration",
    IdentifierKind.HIN: "HIN (health industry number)",
    IdentifierKind.ID_340B: "340B ID",
    IdentifierKind.OTHER: "Other",
}


class SplitKind(StrEnum):
    REVENUE = "revenue"  # splits of an account total 100
    OVERLAY = "overlay"  # extra credit on top


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


APPROVAL = Lifecycle(
    "approval",
    {ApprovalState.PENDING: {ApprovalState.APPROVED, ApprovalState.REJECTED, ApprovalState.EXPIRED}},
)
