"""Errors that reach a caller, each with a stable code. None ever quotes a chart."""


class AnamnesisError(Exception):
    """Base of all errors of this project. `code` is stable; `status` is its HTTP status."""

    code = "internal_error"
    status = 500
    retry_after_s: int | None = None


class PatientNotFound(AnamnesisError):
    """The index holds no such patient."""

    code, status = "patient_not_found", 404


class NoteNotFound(AnamnesisError):
    """The index holds no such note."""

    code, status = "note_not_found", 404


class SummaryNotFound(AnamnesisError):
    """No stored summary has this id."""

    code, status = "summary_not_found", 404


class InvalidRequest(AnamnesisError):
    """A request that cannot be understood."""

    code, status = "invalid_request", 422


class Unauthenticated(AnamnesisError):
    """No valid key or session came with the request."""

    code, status = "unauthenticated", 401


class Forbidden(AnamnesisError):
    """The caller is known and may not do this."""

    code, status = "forbidden", 403


class IndexMismatch(AnamnesisError):
    """The index was built with other settings or is damaged; the message names the command that mends it."""

    code, status = "index_mismatch", 409


class IndexUnavailable(AnamnesisError):
    """There is no index to read yet."""

    code, status, retry_after_s = "index_unavailable", 503, 10


class Overloaded(AnamnesisError):
    """Too many requests are in flight."""

    code, status, retry_after_s = "overloaded", 429, 2


class Draining(AnamnesisError):
    """The service is about to stop and begins nothing new, or stopped before it was done."""

    code, status, retry_after_s = "draining", 503, 5


class ModelUnavailable(AnamnesisError):
    """The model did not answer, or not usably."""

    code, status, retry_after_s = "model_unavailable", 503, 15


class AuditUnavailable(AnamnesisError):
    """The audit log could not be written, so nothing may be shown."""

    code, status, retry_after_s = "audit_unavailable", 503, 30


class DeadlineExceeded(AnamnesisError):
    """The request took longer than it was allowed to."""

    code, status = "deadline_exceeded", 504


class IngestFailed(AnamnesisError):
    """An ingest run that published nothing."""

    code = "ingest_failed"


class SettingsInvalid(AnamnesisError):
    """A setting that is unknown or has an impossible value."""

    code = "settings_invalid"
