import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.html_text import html_to_text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>aspirin</li><li>fish oil</li></ul>", "- aspirin\n- fish oil"),
        ("<table><tr><th>Na</th><th>K</th></tr><tr><td>138</td><td>4.1</td></tr></table>", "Na | K\n138 | 4.1"),
        ("<b>No</b> <i>known</i>  allergies", "No known allergies"),
        ("T&nbsp;&lt;&nbsp;38&#176;C", "T < 38°C"),
        ("<style>p{}</style><script>if (a<b) alert('x')</script>ok<!-- hidden -->", "ok"),
        ("<head><title>t</title><body>open head", "open head"),
        ("<pre>a  b\nc</pre>", "a b\nc"),
        ("no markup at all", "no markup at all"),
    ],
)
def test_turns_a_page_into_its_text(page: str, text: str) -> None:
    assert html_to_text(page) == text


@given(st.text(alphabet="<>/abp! -&;\"'=sctyle\n", max_size=300))
def test_never_fails_on_broken_markup(page: str) -> None:
    html_to_text(page)
