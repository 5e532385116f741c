"""Console screens of accounts, people and approvals."""

from accounts.admin import account, approval, authority, people

__all__ = ["account", "approval", "authority", "people"]
