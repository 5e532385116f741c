"""Calls drawn from the API's own description, right and wrong ones: no answer is a fault, every refusal is a problem.

`OMS_API_EXAMPLES=500 ./run test tests/api/test_any_call.py` draws more of them.
"""

import json
import os
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.core import NotSet

from tests.factories.doors import buyer_for, device_of
from tests.factories.orders import make_world

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("OMS_API_EXAMPLES", "4"))
DRAWN = {
    "max_examples": EXAMPLES,
    "deadline": None,
    "database": None,
    "derandomize": EXAMPLES < 50,
    "suppress_health_check": list(HealthCheck),
}


def operations() -> list[Any]:
    described = SchemaGenerator(api_version="v1").get_schema(request=None, public=True)
    schema = openapi.from_dict(json.loads(json.dumps(described, default=str)))
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", operations(), ids=lambda o: f"{o.method} {o.path}")
def test_no_call_is_a_fault(operation, mode, monkeypatch):
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", lambda *a: True)
    world = make_world(products=1)
    user = buyer_for(world.account)

    @settings(**DRAWN)
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        answer = send(device_of(user), case)
        assert answer.status_code < 500, answer.content
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json"
            assert answer.json()["code"] and answer.json()["detail"]

    try:
        call()
    except Exception as impossible:
        if type(impossible).__name__ not in ("Unsatisfiable", "SkipTest"):
            raise
        pytest.skip(f"nothing of that kind can be drawn: {impossible}")


def send(device: Any, case: Any) -> Any:
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    body = b"" if isinstance(case.body, NotSet) else json.dumps(case.body, default=str).encode()
    names = {k: v for k, v in (case.headers or {}).items() if k.lower() not in ("authorization", "content-type")}
    headers = {k: str(v).encode("latin-1", "replace").decode("latin-1") for k, v in names.items()}
    query = urlencode(case.query or {}, doseq=True, errors="replace")
    return device.generic(
        case.method, path, data=body, content_type="application/json", QUERY_STRING=query, headers=headers
    )
