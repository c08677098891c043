"""What holds for the repository as a whole."""

import re
import subprocess
from pathlib import Path

import pytest

from core.settings import known_variables

ROOT = Path(__file__).resolve().parents[2]
CODE = {".py", ".js", ".mjs", ".css", ".html", ".sql", ".sh"}
MAX_LINES = 400
# Taken apart, so that this file does not contain what it looks for.
PLACES = [
    "/" + "work/",
    "/opt" + "/wheels",
    "/opt" + "/pypi",
    "/root" + "/.pyenv",
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "deb.debian" + ".org",
    "download.pytorch" + ".org",
]


def files() -> list[Path]:
    """The files that are tracked, or in an exported tree all of them."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        hidden = {".venv", "var", "build", "dist", "__pycache__"}
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if not hidden & set(p.relative_to(ROOT).parts)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in files():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def links(page: Path) -> list[Path]:
    """The files that a page of Markdown links to."""
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    return [(page.parent / target).resolve() for target in targets]


def test_no_file_of_code_is_too_long() -> None:
    code = [(path, text) for path, text in texts() if path.suffix in CODE or path.name in {"Makefile", "Dockerfile"}]
    assert len(code) > 50
    long = {str(p.relative_to(ROOT)): t.count("\n") for p, t in code if t.count("\n") > MAX_LINES}
    assert long == {}


def test_no_file_names_a_machine_or_a_package_index() -> None:
    found = {f"{path.relative_to(ROOT)}: {place}" for path, text in texts() for place in PLACES if place in text}
    assert found == set()


def test_the_index_of_the_docs_lists_every_page() -> None:
    listed = set(links(ROOT / "docs/index.md"))
    pages = {path for path in (ROOT / "docs").glob("*.md") if path.name != "index.md"}
    assert pages
    assert sorted(p.name for p in pages - listed) == []


@pytest.mark.parametrize("page", [p for p in files() if p.suffix == ".md"], ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    assert [str(target.relative_to(ROOT)) for target in links(page) if not target.exists()] == []


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    folder = ROOT / "docs/adr"
    pages = sorted(p for p in folder.glob("*.md") if p.name != "README.md")
    assert [p.name[:4] for p in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    listed = set(links(folder / "README.md"))
    for page in pages:
        assert page in listed, page.name
        assert page.read_text().startswith(f"# {page.name[:4]} — "), page.name


def test_a_decision_fits_on_a_page() -> None:
    for page in (ROOT / "docs/adr").glob("0*.md"):
        text = page.read_text()
        assert text.count("\n") <= 60, page.name
        assert "\n## Decision\n" in text and "\n## Consequences\n" in text, page.name
        assert "Measured" in text and re.search(r"\d", text.partition("Measured")[2]), page.name


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = re.findall(r"^\| `(ANAMNESIS_\w+)` ", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(known_variables())


def test_the_licence_is_apache_two() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0, January 2004" in text and "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings and headings[0] == "Unreleased"
