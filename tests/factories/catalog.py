"""Products, units and who may buy them, made as briefly as a test allows."""

from datetime import date

import factory
from factory.django import DjangoModelFactory

from catalog.models import (
    AuthorizationRule,
    Category,
    CustomerPartNumber,
    KitComponent,
    License,
    Product,
    ProductUnit,
    Substitution,
)
from catalog.states import Effect
from tests.factories.accounts import AccountFactory


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    code = factory.Sequence(lambda n: f"CAT{n}")
    name = factory.LazyAttribute(lambda category: f"Category {category.code}")


class ProductFactory(DjangoModelFactory):
    """An active product counted in EA, any whole number of them."""

    class Meta:
        model = Product

    sku = factory.Sequence(lambda n: f"SKU-{n}")
    name = factory.LazyAttribute(lambda product: f"Thing {product.sku}")


class UnitFactory(DjangoModelFactory):
    """A case of 12."""

    class Meta:
        model = ProductUnit

    product = factory.SubFactory(ProductFactory)
    code = "CA"
    numerator = 12
    denominator = 1


class CustomerPartFactory(DjangoModelFactory):
    class Meta:
        model = CustomerPartNumber

    account = factory.SubFactory(AccountFactory)
    part_number = factory.Sequence(lambda n: f"THEIRS-{n}")
    product = factory.SubFactory(ProductFactory)


class SubstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Substitution

    product = factory.SubFactory(ProductFactory)
    substitute = factory.SubFactory(ProductFactory)


class KitComponentFactory(DjangoModelFactory):
    """One of a product in a kit."""

    class Meta:
        model = KitComponent

    kit = factory.SubFactory(ProductFactory)
    component = factory.SubFactory(ProductFactory)


class AuthorizationFactory(DjangoModelFactory):
    """Denies everything to everybody until told otherwise."""

    class Meta:
        model = AuthorizationRule

    name = factory.Sequence(lambda n: f"Rule {n}")
    effect = Effect.DENY


class LicenseFactory(DjangoModelFactory):
    class Meta:
        model = License

    account = factory.SubFactory(AccountFactory)
    kind = "DEA"
    number = factory.Sequence(lambda n: f"L{n}")
    valid_from = date(2020, 1, 1)
