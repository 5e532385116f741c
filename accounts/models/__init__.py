from accounts.models.account import Account, ServiceTier, ShipTo, Territory
from accounts.models.approval import ApprovalRequest
from accounts.models.authority import AuthorityLimit, AuthorityUse
from accounts.models.group import AccountGroup, GroupMembership
from accounts.models.people import Buyer, Rep, RepAssignment
from accounts.models.spending import SpendingEntry
from accounts.models.user import User, UserAbsence

__all__ = [
    "Account",
    "AccountGroup",
    "ApprovalRequest",
    "AuthorityLimit",
    "AuthorityUse",
    "Buyer",
    "GroupMembership",
    "Rep",
    "RepAssignment",
    "ServiceTier",
    "ShipTo",
    "SpendingEntry",
    "Territory",
    "User",
    "UserAbsence",
]
