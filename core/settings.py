"""All settings: one frozen object, read from `ANAMNESIS_*` variables.

Nested values are joined by two underscores: `ANAMNESIS_LLM__URL`. An unknown
`ANAMNESIS_*` variable is refused, so that a typing error never goes unnoticed.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsInvalid

PREFIX = "ANAMNESIS_"
DELIMITER = "__"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IndexSettings(_Group):
    """Where the published index lies."""

    dir: Path = Field(Path("var/index"), description="Folder of the published index.")
    poll_s: float = Field(2.0, gt=0, description="Seconds between looks for a new generation.")
    keep: int = Field(
        3, ge=1, description="Generations kept on disk, the live one included; one and its compaction count once."
    )


class StateSettings(_Group):
    """Where the service writes."""

    dir: Path = Field(Path("var/state"), description="Folder of the service's own database.")


class EmbeddingSettings(_Group):
    """How text becomes vectors."""

    backend: Literal["auto", "openvino", "torch", "huggingface"] = Field(
        "auto", description="auto takes CUDA where there is one, else OpenVINO, else torch."
    )
    model: str = Field("", description="Folder or hub name; empty means the packaged all-MiniLM-L6-v2.")
    threads: int = Field(0, ge=0, description="CPU threads for embedding; 0 leaves it to the backend.")
    cache_dir: Path = Field(Path("var/models"), description="Folder where converted models are kept.")


class LLMSettings(_Group):
    """The model server. Without a URL the service stays extractive."""

    url: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+.*)?$",
        description="Base URL of a vLLM OpenAI server, for instance http://127.0.0.1:8001/v1.",
    )
    model: str = Field("", description="Name of the model to ask for; empty takes the first one the server lists.")
    adapter: str = Field("", description="Name of a LoRA adapter the server has loaded.")
    writer: Literal["auto", "compress", "compose"] = Field(
        "auto", description="One request a group of evidence (compress) or a section (compose); auto goes by size."
    )
    api_key: SecretStr = Field(SecretStr(""), description="Bearer token the model server asks for.")
    timeout_s: float = Field(60.0, gt=0, description="Longest time one model request may take.")
    connect_timeout_s: float = Field(3.0, gt=0, description="Longest time to reach the model server.")
    max_concurrency: int = Field(256, ge=1, description="Model requests in flight at once.")
    max_tokens: int = Field(96, ge=16, description="Longest statement, in model tokens.")
    temperature: float = Field(0.0, ge=0, description="Sampling temperature.")
    probe_s: float = Field(2.0, gt=0, description="Seconds between health checks of the model server.")
    breaker_failures: int = Field(
        5, ge=1, description="Requests in a row that may fail before the model server is left alone."
    )
    hang_s: float = Field(
        20.0, gt=0, description="Longest time without a token while requests are at work; then the server hangs."
    )


class ServiceSettings(_Group):
    """The HTTP service."""

    host: str = Field("127.0.0.1", description="Address to bind; any but loopback requires API keys.")
    port: int = Field(8000, ge=0, le=65535, description="Port to bind.")
    api_keys: dict[str, str] = Field(
        default_factory=dict, description="JSON object of caller name to the argon2 hash of that caller's key."
    )
    session_secret: SecretStr = Field(SecretStr(""), description="Signs the page's cookie; required with API keys.")
    session_hours: float = Field(8.0, gt=0, description="Hours until the page asks to sign in again.")
    secure_cookie: bool = Field(True, description="Send the session cookie over TLS only (loopback is exempt).")
    deadline_s: float = Field(120.0, gt=0, description="Longest time one summary may take.")
    min_inflight: int = Field(2, ge=1, description="Summaries worked on at once, however loaded the model server is.")
    max_inflight: int = Field(64, ge=1, description="Summaries worked on at once, at most.")
    max_queued: int = Field(32, ge=0, description="Summaries that may wait for a place; one caller may fill half.")
    max_wait_s: float = Field(30.0, gt=0, description="A request that would wait longer for a place is refused.")
    batch_keep_days: float = Field(30.0, gt=0, description="Days after which a finished batch is forgotten.")
    batch_after: int = Field(
        10, ge=0, description="While people wait, one item of a batch is let in after so many of them; 0: none."
    )
    shutdown_s: float = Field(20.0, ge=0, description="Longest time summaries under way may take once told to stop.")
    drain_s: float = Field(
        0.0, ge=0, description="Shortest time to say `draining` before stopping, for a load balancer to notice."
    )
    cache_hours: float = Field(24.0, ge=0, description="Hours a summary answers for the same request; 0 for none.")
    warm_patients_file: Path | None = Field(
        None, description="Patients whose handoff is made ready after each new generation, one id a line."
    )
    max_body_bytes: int = Field(65536, ge=1024, description="Largest request body.")


class IngestSettings(_Group):
    """The ingest job."""

    deidentify: Literal["trust", "mask", "quarantine"] = Field(
        "mask", description="What to do about identifiers: trust the source, mask them, or set the note aside."
    )
    max_note_chars: int = Field(2_000_000, ge=1000, description="A longer note is quarantined.")
    max_bad_share: float = Field(0.10, ge=0, le=1, description="Above this share of bad rows nothing is published.")
    max_shrink: float = Field(
        0.5, ge=0, le=1, description="A source that comes back with less than this share of its notes is refused."
    )
    chunk_tokens: int = Field(200, ge=32, description="Longest chunk, in tokens of the embedding model.")
    quarantine_dir: Path = Field(Path("var/quarantine"), description="Where reports of set-aside rows are written.")


class LogSettings(_Group):
    """Structured logs on standard error."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe level written.")
    format: Literal["json", "text"] = Field("json", description="One JSON object a line, or plain text.")


class TracingSettings(_Group):
    """Spans for OpenTelemetry. Without an endpoint nothing is recorded."""

    endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+.*)?$",
        description="Where a collector takes OTLP over HTTP, for instance http://127.0.0.1:4318/v1/traces.",
    )
    sample: float = Field(
        1.0, ge=0, le=1, description="Share of requests traced, where the caller's own trace does not decide."
    )


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, frozen=True, extra="forbid", env_ignore_empty=True
    )

    index: IndexSettings = IndexSettings()
    state: StateSettings = StateSettings()
    embedding: EmbeddingSettings = EmbeddingSettings()
    llm: LLMSettings = LLMSettings()
    service: ServiceSettings = ServiceSettings()
    ingest: IngestSettings = IngestSettings()
    log: LogSettings = LogSettings()
    tracing: TracingSettings = TracingSettings()


def known_variables() -> dict[str, str]:
    """Every variable that can be set, with its description."""
    return {
        f"{PREFIX}{group}{DELIMITER}{name}".upper(): field.description or ""
        for group, holder in Settings.model_fields.items()
        if isinstance(holder.annotation, type) and issubclass(holder.annotation, BaseModel)
        for name, field in holder.annotation.model_fields.items()
    }


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsInvalid: a variable is unknown, or its value cannot be. Values are not repeated, since they may be
            secrets.
    """
    names = set(os.environ)
    known = known_variables()
    groups = {PREFIX + group.upper() for group in Settings.model_fields}
    unknown = sorted(n for n in names if n.upper().startswith(PREFIX) and n.upper() not in known.keys() | groups)
    if unknown:
        raise SettingsInvalid(f"unknown settings {', '.join(unknown)}; docs/settings.md lists those that exist")
    try:
        return Settings()
    except ValidationError as e:
        places = "; ".join(
            f"{PREFIX}{DELIMITER.join(str(p) for p in err['loc']).upper()}: {err['msg']}" for err in e.errors()
        )
        raise SettingsInvalid(places) from None
