"""Shared by every test: nothing but what pytest-django needs. A room's fixtures live beside its tests."""

from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

# How fast a busy machine draws examples says nothing about the product.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def _not_a_demo():
    """Pages ask once per process whether they stand in a demo; no test's statements depend on which test asks first."""
    from core import demo  # rooms can be imported once Django is set up

    with patch.object(demo, "installation", return_value=None):
        demo.is_demo()
