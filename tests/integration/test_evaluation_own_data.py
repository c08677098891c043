"""A data set of the user's own, from its file to the figures."""

import json
from pathlib import Path

import pytest

from chains import build_chain
from core.settings import LLMSettings
from core.telemetry import Metrics
from mlops.evaluation.own_data import read_longhealth
from mlops.evaluation.suite import check
from mlops.evaluation.tasks.own_data import run
from tests.fakes.own_data import LONGHEALTH

pytestmark = pytest.mark.integration


def test_questions_are_answered_from_their_letter_and_refused_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "benchmark_v5.json"
    path.write_text(json.dumps(LONGHEALTH))
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=LLMSettings())
    result = run(read_longhealth(path), {"extractive": chain}, cache=tmp_path / "cache")
    check("longhealth", result)
    found = {(o.metric, o.unit): (o.hits, o.total) for o in result.observations}
    valid, cited = found["citation_validity", "patient_01"]
    assert valid == cited > 0
    assert found["over_refusal", "patient_01/0"] == (0, 1)
    assert found["evidence_recall", "patient_01/0"] == (1, 1)
    assert found["abstention", "patient_01/0"] == (1, 1)
    assert found["abstention", "patient_02/0"] == (1, 1)
    assert all(digest for digest in result.data.values())
