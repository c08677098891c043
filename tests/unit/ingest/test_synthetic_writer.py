from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ingest.synthetic.phrasing import compile_phrase, fill
from ingest.synthetic.writer import Mention, NoteWriter, Ref, join

words = st.text(alphabet="abcé😀. ,-", min_size=1, max_size=12)
mentions = st.builds(lambda t, n: Mention(t, (Ref(f"fact-{n}"),)), words, st.integers(0, 5))
texts = st.lists(st.one_of(words, mentions), min_size=1, max_size=6).map(tuple)


@given(st.lists(texts, max_size=12), st.integers(5, 80))
def test_a_span_covers_its_words_whatever_the_width(sentences, width):
    writer, flat = NoteWriter(width), NoteWriter(0)
    for sentence in sentences:
        writer.sentence(sentence)
        flat.sentence(sentence)
    wrapped, unwrapped = writer.finish(), flat.finish()
    assert wrapped.replace("\n", " ") == unwrapped.replace("\n", " ")
    assert [s.start for s in writer.spans] == [s.start for s in flat.spans]
    for span in writer.spans:
        told = {p.text for s in sentences for p in s if isinstance(p, Mention) and span.ref in p.refs}
        assert any(t[1:] in unwrapped[span.start : span.end] for t in told)


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=9), max_size=60), st.integers(10, 40))
def test_no_line_is_longer_than_the_width_where_words_are_short(tokens, width):
    writer = NoteWriter(width)
    writer.write((" ".join(tokens),))
    assert all(len(line) <= width for line in writer.finish().split("\n"))


def test_one_span_covers_a_fact_stated_in_two_pieces():
    ref = Ref("rx-1")
    writer = NoteWriter(0)
    writer.sentence((Mention("lisinopril", (ref,)), " went up to ", Mention("20 mg", (ref,)), " today."))
    (span,) = writer.spans
    assert writer.finish()[span.start : span.end] == "Lisinopril went up to 20 mg"


def test_copied_sentences_are_marked_as_copied():
    first, second = NoteWriter(0), NoteWriter(0)
    first.capture()
    first.sentence((Mention("CHF", (Ref("p"),)), " stable."))
    second.replay(first.captured())
    assert [s.copied for s in first.spans + second.spans] == [False, True]
    assert first.finish() == second.finish()


def test_an_enumeration_reads_as_english():
    assert join(["a", "b", "c"]) == ("a", ", ", "b", " and ", "c")


def test_a_raised_slot_starts_with_a_capital():
    phrase = compile_phrase("{He} takes <it|it>.")
    assert "".join(str(p) for p in fill(phrase, {"he": "she"}, Random(1))) == "She takes it."
