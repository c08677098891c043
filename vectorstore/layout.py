"""Names of the files of an index.

CURRENT                            the live generation's number and its manifest's SHA-256
writer.lock                        held by the one writer
row.key                            what source rows are digested with
staging/                           finished notes of a run that was not published yet
segments/<name>/vectors.f32        vectors, little-endian float32, grouped by patient
segments/<name>/catalog.sqlite     notes, sections, sentences, chunks and facts
generations/<number>/manifest.json
generations/<number>/directory.sqlite   patient -> where the chart lies
"""

from dataclasses import dataclass
from pathlib import Path

VECTORS = "vectors.f32"
CATALOG = "catalog.sqlite"
MANIFEST = "manifest.json"
DIRECTORY = "directory.sqlite"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one index folder."""

    root: Path

    @property
    def pointer(self) -> Path:
        """The file that names the live generation."""
        return self.root / "CURRENT"

    @property
    def lock(self) -> Path:
        """The file the writer locks."""
        return self.root / "writer.lock"

    @property
    def row_key(self) -> Path:
        """The file of the key that source rows are digested with."""
        return self.root / "row.key"

    @property
    def staging(self) -> Path:
        """The folder of finished notes that were not published yet."""
        return self.root / "staging"

    @property
    def segments(self) -> Path:
        """The folder of all segments."""
        return self.root / "segments"

    @property
    def generations(self) -> Path:
        """The folder of all generations."""
        return self.root / "generations"

    def segment(self, name: str) -> Path:
        """The folder of one segment."""
        return self.segments / name

    def generation(self, number: int) -> Path:
        """The folder of one generation."""
        return self.generations / f"{number:08d}"

    def generation_numbers(self) -> list[int]:
        """Every generation that has a folder, ascending, whole or not."""
        if not self.generations.is_dir():
            return []
        return sorted(int(p.name) for p in self.generations.iterdir() if p.name.isdigit())
