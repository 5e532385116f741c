from catalog.models.authorization import AuthorizationRule, License
from catalog.models.product import Category, CustomerPartNumber, Product, ProductUnit, Substitution

__all__ = [
    "AuthorizationRule",
    "Category",
    "CustomerPartNumber",
    "License",
    "Product",
    "ProductUnit",
    "Substitution",
]
