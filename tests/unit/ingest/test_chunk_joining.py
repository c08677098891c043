import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.chunk_joining import MIN_OVERLAP, TextChunk, join_chunks, overlap

WORDS = ("the", "patient", "was", "seen", "today", "with", "chest", "pain", "and", "given", "aspirin", "overnight")
TEXT = " ".join(random.Random(7).choices(WORDS, k=400))


def cut(text: str, size: int, shared: int) -> list[str]:
    return [text[at : at + size] for at in range(0, max(1, len(text) - shared), size - shared)]


@pytest.mark.parametrize("shared", [MIN_OVERLAP, 50, 200, 399])
def test_an_overlap_of_neighbours_is_written_once(shared: int) -> None:
    assert join_chunks([TextChunk(text) for text in cut(TEXT, 400, shared)]) == TEXT


@given(st.text(alphabet="ab \n", max_size=200), st.integers(1, 40), st.integers(0, 39), st.randoms())
def test_chunks_with_places_give_the_text_back_in_whatever_order_they_come(
    text: str, size: int, shared: int, rng: random.Random
) -> None:
    step = max(1, size - shared)
    chunks = [TextChunk(text[at : at + size], at) for at in range(0, len(text), step)]
    rng.shuffle(chunks)
    assert join_chunks(chunks) == text


def test_a_chunk_within_the_one_before_adds_nothing() -> None:
    assert join_chunks([TextChunk(TEXT), TextChunk(TEXT[-300:]), TextChunk(TEXT)]) == TEXT
    assert join_chunks([TextChunk(TEXT, 0), TextChunk(TEXT[20:90], 20), TextChunk(TEXT[50:], 50)]) == TEXT


def test_a_few_characters_in_common_are_chance() -> None:
    assert overlap("BP 120/80", "120/80 at noon") == 0
    assert join_chunks([TextChunk("BP 120/80"), TextChunk("120/80 at noon")]) == "BP 120/80\n120/80 at noon"


def test_a_place_that_the_text_belies_is_not_believed() -> None:
    assert join_chunks([TextChunk(TEXT[:400], 0), TextChunk(TEXT[300:], 280)]) == TEXT


def test_what_the_splitter_dropped_is_a_line_break_or_a_space_within_a_sentence() -> None:
    assert join_chunks([TextChunk("Plan:"), TextChunk("Rest."), TextChunk("")]) == "Plan:\nRest."
    assert join_chunks([TextChunk("He was"), TextChunk("well.")]) == "He was well."
    assert join_chunks([TextChunk("A.", 0), TextChunk("B.", 4)]) == "A.\n\nB."
    assert join_chunks([TextChunk("A", 0), TextChunk("b", 1)]) == "Ab"
    assert join_chunks([]) == ""
