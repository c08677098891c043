"""Finding many short byte strings at once."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from ingest.erase.windows import Matcher, Windower

KEY = b"k" * 32


def found(windows: list[bytes], pieces: list[bytes], key: bytes = KEY) -> set[tuple[bytes, int, int]]:
    windower = Windower(key)
    lengths = sorted({len(w) for w in windows})
    sets = [windower.window_set(n, [w for w in windows if len(w) == n]) for n in lengths]
    by_digest = {windower.digest(w): w for w in windows}
    return {
        (by_digest[sets[hit.which].digests[hit.index]], hit.offset, hit.count)
        for hit in Matcher(windower, sets).scan(pieces)
    }


@given(
    st.binary(max_size=200).map(lambda b: bytes(x % 3 + 97 for x in b)),
    st.lists(st.binary(min_size=1, max_size=9).map(lambda b: bytes(x % 3 + 97 for x in b)), max_size=6),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_finds_exactly_what_is_there_however_the_stream_is_cut(
    data: bytes, windows: list[bytes], cuts: list[int]
) -> None:
    at = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(at)]
    expected = set()
    for window in set(windows):
        places = [i for i in range(len(data) - len(window) + 1) if data[i : i + len(window)] == window]
        if places:
            expected.add((window, places[0], len(places)))
    assert found(windows, pieces) == expected


def test_a_window_across_two_blocks_is_found_once() -> None:
    data = bytearray(1 << 17)
    for edge in (1 << 15, 1 << 16):
        data[edge - 10 : edge + 14] = b"these words cross a line"
    assert found([b"these words cross a line"], [bytes(data)]) == {(b"these words cross a line", (1 << 15) - 10, 2)}


def test_nothing_is_looked_for_where_there_is_nothing_to_look_for() -> None:
    assert not found([], [b"anything"])
    assert not found([b"longer than the stream"], [b"short"])


def test_a_set_gives_away_neither_its_windows_nor_that_two_keys_hide_the_same() -> None:
    one, other = (Windower(key).window_set(24, [b"a patient's own words 24"]) for key in (KEY, b"o" * 32))
    assert one.hashes.tolist() != other.hashes.tolist()
    assert one.digests != other.digests
    assert b"own words" not in one.hashes.tobytes() + b"".join(one.digests)
