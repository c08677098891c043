"""The real job over a night's export, with the fake model."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.deidentify import PatternDetector
from ingest.job import Embedder, IngestPlan, name_inputs, run_ingest
from ingest.outcome import Outcome
from ingest.sources import resolve_input
from tests.crash.expectation import CHUNK_TOKENS, WORDS
from tests.crash.nights import Night, export
from vectorstore import verify

KEEP = 2


class Place:
    """A folder with an index, the night's export and the quarantine beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.index = root / "index"
        self.export = root / "export"
        self.quarantine = root / "quarantine"

    def ingest(self, night: Night, **changes: Any) -> Outcome:
        """One nightly run."""
        inputs = name_inputs([resolve_input(path) for path in export(night, self.export)], None)
        plan = IngestPlan(inputs, self.index, self.quarantine, chunk_tokens=CHUNK_TOKENS, keep=KEEP, max_bad_share=0.2)
        embedder = Embedder(WORDS.spec, WORDS.embed, WORDS.count_tokens)
        return run_ingest(replace(plan, **changes), embedder=embedder, detector=PatternDetector())

    def damage(self) -> str:
        """What `python -m vectorstore.verify` says against the index; empty where all is well."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = verify.main([str(self.index)])
        return said.getvalue() if code else ""
