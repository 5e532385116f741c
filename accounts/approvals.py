"""Four eyes, for every room above: ask (`request`), decide, use (`require`). Bound to a content hash; they end."""

from accounts.services.decide_approval import AuthorityExceeded, SelfApproval, decide
from accounts.services.request_approval import request
from accounts.services.require_approval import ApprovalExpired, ApprovalMissing, ContentChanged, require

__all__ = [
    "ApprovalExpired",
    "ApprovalMissing",
    "AuthorityExceeded",
    "ContentChanged",
    "SelfApproval",
    "decide",
    "request",
    "require",
]
