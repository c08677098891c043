"""Word lists, read from `extraction/lexicons` at first use and kept."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from extraction.words import Phrases

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@cache
def load(name: str) -> Mapping[str, Any]:
    """One YAML file of the folder, by its name without ending. Every scalar is text: "no" and "off" stay words."""
    data = yaml.load(files("extraction").joinpath("lexicons", f"{name}.yaml").read_text("utf-8"), Loader=_LOADER)  # noqa: S506
    if not isinstance(data, dict):
        raise ValueError(f"extraction/lexicons/{name}.yaml must hold a mapping")
    return data


def synonyms(table: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Pairs of a phrase and its canonical name out of `canonical: phrase, phrase`, the canonical name itself first."""
    for canonical, others in table.items():
        yield canonical, canonical
        for phrase in (others or "").split(","):
            if phrase.strip():
                yield phrase.strip(), canonical


@cache
def drug_phrases() -> Phrases[str]:
    """Names of drugs: our own list first, then MedlinePlus's."""
    own = load("drugs")
    refused = frozenset(own["not_drugs"])
    return Phrases(pair for pair in (*synonyms(own["drugs"]), *_medlineplus()) if pair[0] not in refused)


@cache
def allergen_phrases() -> Phrases[str]:
    """Names of what people are allergic to: substances and classes first, then every drug."""
    own = load("drugs")
    refused = frozenset(own["not_drugs"])
    listed = synonyms(load("allergens")["allergens"])
    return Phrases([*listed, *(p for p in (*synonyms(own["drugs"]), *_medlineplus()) if p[0] not in refused)])


def _medlineplus() -> Iterator[tuple[str, str]]:
    text = files("extraction").joinpath("lexicons", "medlineplus_drugs.tsv").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            variant, _, canonical = line.partition("\t")
            yield variant, canonical
