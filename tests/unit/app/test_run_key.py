"""Whatever the words of a summary depend on makes another key."""

from dataclasses import replace
from typing import Any

import pytest

from app.runs.key import Origins, origins_of, run_key
from chains import build_chain
from chains.identity import ChainIdentity, code_digest
from chains.models import ModelState
from core.records import PromptRef, SummaryRequest, WritingSettings
from core.settings import LLMSettings
from core.telemetry import Metrics
from vectorstore.specs import ChunkingSpec, EmbeddingSpec

WRITING = WritingSettings("compress", "close", "m", "", 96, 0.0, 0.2, PromptRef("compress", "4", "1" * 64))
CHAIN = ChainIdentity(WRITING, PromptRef("handoff", "3", "2" * 64), "rules-2+0", "3" * 64)
REQUEST = SummaryRequest("ava", note_types=("Progress note", "Letter"))


def origins(request: SummaryRequest = REQUEST, **changes: Any) -> Origins:
    parts = {
        "chart": "c" * 64,
        "embedding": EmbeddingSpec("mini", 384, "4" * 64, 256),
        "chunking": ChunkingSpec("1.7", 200),
        "chain": CHAIN,
        "model": ModelState(True, "llama", "ready"),
    }
    return origins_of(request, **parts | changes)


def writing(**changes: Any) -> ChainIdentity:
    return replace(CHAIN, writing=replace(WRITING, **changes))


OTHERS = {
    "chart": origins(chart="d" * 64),
    "embedder's weights": origins(embedding=EmbeddingSpec("mini", 384, "5" * 64, 256)),
    "rules of chunking and facts": origins(chunking=ChunkingSpec("1.8", 200)),
    "longest chunk": origins(chunking=ChunkingSpec("1.7", 100)),
    "template's words": origins(chain=replace(CHAIN, template=PromptRef("handoff", "3", "6" * 64))),
    "verifier": origins(chain=replace(CHAIN, verifier="rules-2+1")),
    "code": origins(chain=replace(CHAIN, code="7" * 64)),
    "prompt's words": origins(chain=writing(prompt=PromptRef("compress", "4", "8" * 64))),
    "writer": origins(chain=writing(writer="compose")),
    "strictness": origins(chain=writing(strictness="free")),
    "model asked for": origins(chain=writing(model="n")),
    "adapter": origins(chain=writing(adapter="a")),
    "longest answer": origins(chain=writing(max_tokens=97)),
    "temperature": origins(chain=writing(temperature=0.1)),
    "temperature of repairs": origins(chain=writing(repair_temperature=0.3)),
    "model served": origins(model=ModelState(True, "qwen", "ready")),
    "readiness": origins(model=ModelState(False, None, "gone")),
    "patient": origins(replace(REQUEST, patient_id="ben")),
    "template": origins(replace(REQUEST, template="medications")),
    "focus": origins(replace(REQUEST, focus="kidneys")),
    "since": origins(replace(REQUEST, since="2020-01-01")),
    "until": origins(replace(REQUEST, until="2020-01-01")),
    "note types": origins(replace(REQUEST, note_types=("Letter",))),
    "length": origins(replace(REQUEST, max_words=351)),
    "what is required": origins(replace(REQUEST, require="abstractive")),
}


@pytest.mark.parametrize("part", OTHERS)
def test_another_part_makes_another_key(part: str) -> None:
    assert run_key(OTHERS[part]) != run_key(origins())


def test_no_two_parts_make_the_same_key() -> None:
    assert len({run_key(other) for other in OTHERS.values()}) == len(OTHERS)


def test_every_field_of_a_request_and_of_the_writing_is_tried() -> None:
    tried = {f for o in OTHERS.values() for f in REQUEST.__slots__ if getattr(o.request, f) != getattr(REQUEST, f)}
    assert tried >= set(REQUEST.__slots__) - {"note_types"}
    written = {
        f for o in OTHERS.values() for f in WRITING.__slots__ if getattr(o.chain.writing, f) != getattr(WRITING, f)
    }
    assert written == set(WRITING.__slots__)


@pytest.mark.parametrize(
    "same",
    [
        replace(REQUEST, note_types=("letter", "PROGRESS NOTE", "Letter")),
        replace(REQUEST, focus="  "),
    ],
)
def test_requests_that_differ_in_nothing_that_counts_have_one_key(same: SummaryRequest) -> None:
    assert run_key(origins(same)) == run_key(origins())


def test_two_ways_of_not_being_ready_are_one() -> None:
    gone, broken = ModelState(False, None, "gone"), ModelState(False, "llama", "left alone")
    assert run_key(origins(model=gone)) == run_key(origins(model=broken))


def test_a_chain_says_by_which_settings_template_and_code_it_writes() -> None:
    settings = LLMSettings(adapter="cardio", max_tokens=64)
    chain = build_chain(llm=None, metrics=Metrics(), llm_settings=settings)
    identity = chain.identity("handoff")
    assert (identity.writing.adapter, identity.writing.max_tokens) == ("cardio", 64)
    assert identity.template == chain.templates["handoff"].ref
    assert identity.code == code_digest()
    assert chain.identity("medications") != identity
