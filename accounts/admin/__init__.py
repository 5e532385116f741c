"""Console screens of accounts, people and approvals."""

from accounts.admin import account, approval, people

__all__ = ["account", "approval", "people"]
