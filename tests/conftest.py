"""Shared by every test: nothing but what pytest-django needs. A room's fixtures live beside its tests."""
