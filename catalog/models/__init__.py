from catalog.models.authorization import AuthorizationRule, License
from catalog.models.product import Category, CustomerPartNumber, KitComponent, Product, ProductUnit, Substitution

__all__ = [
    "AuthorizationRule",
    "Category",
    "CustomerPartNumber",
    "KitComponent",
    "License",
    "Product",
    "ProductUnit",
    "Substitution",
]
