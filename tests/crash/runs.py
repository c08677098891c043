"""The real job over a night's export, with the fake model: called, or as the command that an operator gives."""

import contextlib
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest import __main__ as command
from ingest import intake
from ingest.deidentify import PatternDetector
from ingest.erase import __main__ as erase_command
from ingest.job import Embedder, IngestPlan, name_inputs, run_ingest
from ingest.outcome import Outcome
from ingest.sources import resolve_input
from tests.crash.expectation import CHUNK_TOKENS, WORDS
from tests.crash.nights import Night, export
from vectorstore import rollback, verify

KEEP = 2
MAX_BAD_SHARE = 0.5
CHECKPOINT_S = 0.01


class Place:
    """A folder with an index and the quarantine beside it; the night's export lies there too, or elsewhere."""

    def __init__(self, root: Path, exported: Path | None = None) -> None:
        self.root = root
        self.index = root / "index"
        self.export = exported or root / "export"
        self.quarantine = root / "quarantine"

    def ingest(self, night: Night, **changes: Any) -> Outcome:
        """One nightly run, with checkpoints at every turn."""
        export(night, self.export)
        return self.ingest_exported(**changes)

    def ingest_exported(self, **changes: Any) -> Outcome:
        """A run over what was exported before."""
        intake.CHECKPOINT_S = CHECKPOINT_S
        inputs = name_inputs([resolve_input(path) for path in sorted(self.export.iterdir())], None)
        settings = {"chunk_tokens": CHUNK_TOKENS, "keep": KEEP, "max_bad_share": MAX_BAD_SHARE}
        plan = IngestPlan(inputs, self.index, self.quarantine, **settings)  # type: ignore[arg-type]
        embedder = Embedder(WORDS.spec, WORDS.embed, WORDS.count_tokens)
        return run_ingest(replace(plan, **changes), embedder=embedder, detector=PatternDetector())

    def command(self, *, chunk_tokens: int = CHUNK_TOKENS, rebuild: bool = False) -> int:
        """`python -m ingest` on an export that was written before. Returns its exit code; for a child of its own."""
        os.environ |= {
            "ANAMNESIS_INDEX__DIR": str(self.index),
            "ANAMNESIS_INDEX__KEEP": str(KEEP),
            "ANAMNESIS_INGEST__QUARANTINE_DIR": str(self.quarantine),
            "ANAMNESIS_INGEST__CHUNK_TOKENS": str(chunk_tokens),
            "ANAMNESIS_INGEST__MAX_BAD_SHARE": str(MAX_BAD_SHARE),
        }
        command.lazy_embedder = lambda settings: Embedder(WORDS.spec, WORDS.embed, WORDS.count_tokens)
        paths = [str(path) for path in sorted(self.export.iterdir())]
        return command.main([*paths, *(["--rebuild"] if rebuild else [])])

    def roll_back(self) -> int:
        """`python -m vectorstore.rollback`. Returns its exit code."""
        return rollback.main(["--dir", str(self.index)])

    def erase(self, patient_id: str) -> int:
        """`python -m ingest.erase`. Returns its exit code; for a child of its own."""
        os.environ |= {
            "ANAMNESIS_INDEX__DIR": str(self.index),
            "ANAMNESIS_INDEX__KEEP": str(KEEP),
            "ANAMNESIS_INGEST__QUARANTINE_DIR": str(self.quarantine),
            "ANAMNESIS_STATE__DIR": str(self.root / "state"),
        }
        elsewhere = ["--evaluations", str(self.root / "evaluations")]
        return erase_command.main([patient_id, "--wait", "0", "--requested-by", "the harness", *elsewhere])

    def damage(self) -> str:
        """What `python -m vectorstore.verify` says against the index; empty where all is well."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = verify.main([str(self.index)])
        return said.getvalue() if code else ""
