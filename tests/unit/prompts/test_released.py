"""Released prompts and templates never change: a new version is a new file."""

import hashlib
import json
from pathlib import Path

import pytest

from core.records import FactKind
from prompts import load_prompt, load_template, load_templates
from prompts.library import ROOT

RELEASED = json.loads((ROOT / "released.json").read_text("utf-8"))


def released_files() -> list[Path]:
    return sorted(ROOT.glob("*/*.yaml"))


def test_every_file_is_in_the_list_of_the_released() -> None:
    assert {str(path.relative_to(ROOT)) for path in released_files()} == set(RELEASED)


@pytest.mark.parametrize("path", released_files(), ids=lambda p: p.stem)
def test_a_released_file_is_as_it_was_released(path: Path) -> None:
    assert hashlib.sha256(path.read_bytes()).hexdigest() == RELEASED[str(path.relative_to(ROOT))]


def test_a_prompt_is_known_by_the_digest_of_its_file() -> None:
    assert load_prompt("compress", "1").ref.sha256 == RELEASED["compress/1.yaml"]


def test_a_prompt_s_placeholders_are_all_filled() -> None:
    prompt = load_prompt("compress", "1")
    assert "$" not in prompt.user_message(lines="[E1] x")
    assert "$" not in prompt.repair_message(lines="[E1] x", reason="z")


def test_a_template_is_known_by_the_digest_of_its_file_and_found_by_its_version() -> None:
    for template in load_templates().values():
        assert template.ref.sha256 == RELEASED[f"templates/{template.name}-{template.ref.version}.yaml"]
        assert load_template(template.name, template.ref.version) == template


def test_handoff_is_offered_first() -> None:
    assert list(load_templates()) == ["handoff", "discharge", "medications", "problem_list"]


@pytest.mark.parametrize("template", load_templates().values(), ids=lambda t: t.name)
def test_a_list_names_its_facts_and_a_passage_its_queries(template: object) -> None:
    for section in template.sections:  # type: ignore[attr-defined]
        if section.source == "list":
            assert section.facts
            assert not section.queries
        else:
            assert section.queries
            assert section.limit


@pytest.mark.parametrize("template", load_templates().values(), ids=lambda t: t.name)
def test_lists_that_must_be_complete_have_no_limit(template: object) -> None:
    for section in template.sections:  # type: ignore[attr-defined]
        if set(section.facts) & {FactKind.DRUG, FactKind.ALLERGY, FactKind.CODE_STATUS, FactKind.DEVICE}:
            assert section.limit is None


@pytest.mark.parametrize(
    ("section", "left_out", "kept"),
    [
        ("procedures", "Risks and benefits were explained and consent was signed.", "Colonoscopy with polypectomy"),
        ("follow_up", "She returns to clinic for follow-up of HTN.", "Return to clinic in 3 months."),
        ("imaging", "Findings were discussed with Dr. ___ by phone.", "Moderate left pleural effusion."),
        ("identity", "Medication history obtained from the pharmacy.", "A 57 year old man with cirrhosis."),
    ],
)
def test_what_a_section_is_not_for_is_left_out_of_it(section: str, left_out: str, kept: str) -> None:
    plan = next(s for s in load_templates()["handoff"].sections if s.key == section)
    assert plan.avoid is not None
    assert plan.avoid.search(left_out)
    assert not plan.avoid.search(kept)
