"""Whatever the OpenAPI document allows is answered as it says, and whatever it forbids is refused."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient

from app.factory import create_app
from core.settings import ServiceSettings, Settings, StateSettings
from tests.fakes.service import BASE_URL, SPACE, shared_store

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

HOST = {"host": "127.0.0.1"}
OPERATIONS = [
    "POST /summarize",
    "POST /summarize/batch",
    "POST /feedback",
    "GET /summaries/{summary_id}",
    "GET /summarize/batch/{batch_id}",
    "DELETE /summarize/batch/{batch_id}",
    "GET /patients",
    "GET /patients/{patient_id}",
    "GET /notes/{note_id}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(state=StateSettings(dir=folder / "state"), service=ServiceSettings(deadline_s=10))
    app = create_app(settings, store=shared_store())
    with TestClient(app, base_url=BASE_URL):
        yield schemathesis.openapi.from_asgi("/openapi.json", app=app, headers=HOST)


def test_every_operation_is_tried(api: Any) -> None:
    documented = {result.ok().label for result in api.get_all_operations()}
    assert documented == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_the_document_allows_is_answered_as_it_says(api: Any, operation: str) -> None:
    check(api, operation, GenerationMode.POSITIVE)


# Of the paths there is nearly nothing that they forbid: an id is any text.
@pytest.mark.parametrize("operation", OPERATIONS[:5])
def test_what_the_document_forbids_is_refused(api: Any, operation: str) -> None:
    check(api, operation, GenerationMode.NEGATIVE)


def test_answers_about_a_real_chart_have_the_documented_form(api: Any) -> None:
    for template in ("handoff", "problem_list", "medications", "discharge"):
        for accept in ("application/json", "text/event-stream"):
            body = {"patient_id": "ava", "template": template, "focus": "heart failure", "since": "2021-02-04"}
            case = api["/summarize"]["POST"].Case(body=body, media_type="application/json")
            answer = case.call_and_validate(headers={**HOST, "accept": accept})
            assert answer.status_code == 200
    for path, name, value in (
        ("/patients/{patient_id}", "patient_id", SPACE.patient_id),
        ("/notes/{note_id}", "note_id", SPACE.note_id),
    ):
        answer = api[path]["GET"].Case(path_parameters={name: quote(value, safe="")}).call_and_validate(headers=HOST)
        assert answer.status_code == 200


def check(api: Any, operation: str, mode: GenerationMode) -> None:
    """Send what `mode` generates, and run every check of schemathesis on the answers."""
    method, path = operation.split(" ")
    documented = api[path][method]

    @given(case=documented.as_strategy(generation_mode=mode))
    @bounds(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def try_it(case: Any) -> None:
        case.call_and_validate(headers=HOST)

    try_it()
