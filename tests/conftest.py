"""Shared by every test: nothing but what pytest-django needs. A room's fixtures live beside its tests."""

from hypothesis import HealthCheck, settings

# How fast a busy machine draws examples says nothing about the product.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
