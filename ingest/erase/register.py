"""The register of sinks: every place that can hold something of a patient, and every one that cannot, with the reason.

A test compares it with the tables of the state database, the files of the index and the folders in the settings: what
is new has to be entered here before it can be used.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sink:
    """A place where something of a patient may lie.

    `covers` names what the code calls it: `table:…` of the state database, `index:…` of the index folder,
    `setting:…` a folder in the settings. `erased` says how it is emptied, `searched` how that is proved. Where
    `holds` is false nothing of a patient comes there, and `erased` says why; it is searched all the same.
    """

    name: str
    where: str
    erased: str
    searched: str
    covers: tuple[str, ...] = ()
    holds: bool = True


BYTES = "every byte of every file"
BYTES_AND_ROWS = "every byte of every file, free pages too; ids by column"

SINKS: tuple[Sink, ...] = (
    Sink(
        "notes",
        "index: segments/*/catalog.sqlite",
        "each segment with a row of the patient, current or not, is copied without it; the old one is removed",
        BYTES_AND_ROWS,
        ("setting:ANAMNESIS_INDEX__DIR", "index:segments", "index:catalog.sqlite"),
    ),
    Sink(
        "vectors",
        "index: segments/*/vectors.f32",
        "zero in the copy",
        "every byte of every file, for the beginning of each of the patient's vectors",
        ("index:vectors.f32",),
    ),
    Sink(
        "generations",
        "index: generations/*/directory.sqlite, manifest.json",
        "the live one is published anew; each kept one gets a new directory and manifest once no reader holds it",
        BYTES_AND_ROWS,
        ("index:generations", "index:directory.sqlite", "index:manifest.json", "index:CURRENT"),
    ),
    Sink(
        "staging",
        "index: staging/",
        "the patient's notes are removed, vectors wiped, the database written anew",
        BYTES_AND_ROWS,
        ("index:staging",),
    ),
    Sink(
        "keys and marks of the index",
        "index: row.key, fingerprints.json, tombstones.json, tombstones.key, writer.lock",
        "random bytes, and digests under a key",
        BYTES,
        ("index:row.key", "index:writer.lock"),
        holds=False,
    ),
    Sink(
        "journal of an erasure",
        "index: erasing/",
        "keyed digests and sealed ids while an erasure is under way; removed when it is complete",
        BYTES,
    ),
    Sink(
        "summaries",
        "state: table summaries",
        "rows deleted, file rewritten, write-ahead log emptied",
        BYTES_AND_ROWS,
        ("setting:ANAMNESIS_STATE__DIR", "table:summaries"),
    ),
    Sink("traces", "state: table traces", "as summaries", BYTES_AND_ROWS, ("table:traces",)),
    Sink(
        "replays",
        "state: table replays",
        "as summaries; running services look there before they show one from memory",
        BYTES_AND_ROWS,
        ("table:replays",),
    ),
    Sink("summary_cache", "state: table summary_cache", "as summaries", BYTES_AND_ROWS, ("table:summary_cache",)),
    Sink("feedback", "state: table feedback", "as summaries", BYTES_AND_ROWS, ("table:feedback",)),
    Sink(
        "batches",
        "state: tables batches, batch_items",
        "items deleted as summaries are; the digest of the body and a purpose that names the patient are taken out",
        BYTES_AND_ROWS,
        ("table:batches", "table:batch_items"),
    ),
    Sink(
        "audit log",
        "state: table audit",
        "entries stay, stripped of ids, targets and purpose: that something happened, when and by whom",
        BYTES_AND_ROWS,
        ("table:audit",),
    ),
    Sink(
        "sessions",
        "state: table sessions",
        "a digest of the session, the caller's name and times",
        BYTES,
        ("table:sessions",),
        holds=False,
    ),
    Sink(
        "certificates",
        "state: erasures/",
        "name the patient by the keyed digest alone",
        BYTES,
        holds=False,
    ),
    Sink(
        "quarantine reports",
        "ANAMNESIS_INGEST__QUARANTINE_DIR",
        "lines about the patient removed, files replaced",
        "every byte of every file, unpacked; ids by field",
        ("setting:ANAMNESIS_INGEST__QUARANTINE_DIR",),
    ),
    Sink(
        "evaluation reports",
        "var/evaluation, or --evaluations DIR",
        "files that hold something are removed with --remove-found",
        "every byte of every file, unpacked; ids by field",
    ),
    Sink(
        "exports and further folders",
        "each --also DIR",
        "files that hold something are removed with --remove-found",
        "every byte of every file, unpacked; ids by field",
    ),
    Sink(
        "converted models",
        "ANAMNESIS_EMBEDDING__CACHE_DIR",
        "weights as they were published; nothing of a chart is ever learned or written there",
        "not searched",
        ("setting:ANAMNESIS_EMBEDDING__CACHE_DIR",),
        holds=False,
    ),
    Sink(
        "logs and metrics",
        "standard error, var/log, metrics files",
        "carry neither text nor ids of patients and notes",
        "var/log: every byte of every file",
        holds=False,
    ),
    Sink(
        "a run's spool",
        "an unnamed temporary file",
        "ids and digests; gone with the run, which ends before an erasure begins",
        "cannot be searched; the writer lock says that no run is under way",
        holds=False,
    ),
    Sink(
        "memory of running services",
        "processes that read the index",
        "they switch to the new generation; what they hold open is waited for, and a finished summary goes within a "
        "minute, not shown once its row is gone",
        "the lease of each generation, and removed files that a process of this machine still holds open",
    ),
)

OUT_OF_REACH = (
    "the list of patients to make summaries ready for (ANAMNESIS_SERVICE__WARM_PATIENTS_FILE): take the patient out",
    "backups and snapshots of the index and the state, and blocks of storage that the file system has freed",
    "the sources themselves: the next export should leave the patient out; until then the tombstone keeps them out",
    "what was printed, copied or exported by hand from the page, unless its folder was named with --also",
    "prompts in the memory and the prefix cache of a running model server, until it is restarted",
    "replicas on other machines that hold removed files open, and temporary files of a distributed run on its workers",
)
