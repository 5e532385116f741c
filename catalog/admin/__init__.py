"""Console screens of the catalog."""

from catalog.admin import authorizations, parts, products

__all__ = ["authorizations", "parts", "products"]
