"""A sealed document tells by itself whether it is what was written."""

import json

from hypothesis import given
from hypothesis import strategies as st

from vectorstore.seal import is_whole, sealed

values = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.dictionaries(st.text(min_size=1).filter(lambda key: key != "checksum"), values, min_size=1))
def test_a_document_comes_back_with_its_checksum(document: dict[str, object]) -> None:
    content = sealed(document)
    assert is_whole(content)
    raw = json.loads(content)
    assert raw.pop("checksum")
    assert raw == document


def test_no_flipped_bit_and_no_lost_byte_goes_unnoticed() -> None:
    content = sealed({"generation": 7, "files": [{"path": "a/b"}], "last": None})
    for at in range(len(content)):
        for bit in range(8):
            assert not is_whole(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        assert not is_whole(content[:at] + content[at + 1 :])
        assert not is_whole(content[:at])
