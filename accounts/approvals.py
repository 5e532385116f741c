"""Four eyes, for every room above: ask (`request`), decide, use (`require`). Bound to a content hash; they end.

`has_authority` says whether a person's own authority reaches, so that nobody need be asked; `approver_of` who said yes.
"""

from accounts.approval_queries import approver_of, has_authority
from accounts.services.decide_approval import AuthorityExceeded, AuthorityUsedUp, OwnLimitReached, SelfApproval, decide
from accounts.services.request_approval import Asked, request, request_many
from accounts.services.require_approval import ApprovalExpired, ApprovalMissing, ContentChanged, require

__all__ = [
    "ApprovalExpired",
    "ApprovalMissing",
    "Asked",
    "AuthorityExceeded",
    "AuthorityUsedUp",
    "ContentChanged",
    "OwnLimitReached",
    "SelfApproval",
    "approver_of",
    "decide",
    "has_authority",
    "request",
    "request_many",
    "require",
]
