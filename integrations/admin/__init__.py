"""The room's console screens."""

from integrations.admin import edi, letters, uploads

__all__ = ["edi", "letters", "uploads"]
