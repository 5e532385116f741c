"""The room's console screens."""

from integrations.admin import edi, uploads

__all__ = ["edi", "uploads"]
