"""The audit log: who read which chart, when, what for, and what came of it. It holds ids and never text."""

from app.audit.entry import Action, AuditEntry
from app.audit.log import AuditLog, list_entries
from app.audit.reading import audit_reading, audited_failure, entry_for

__all__ = ["Action", "AuditEntry", "AuditLog", "audit_reading", "audited_failure", "entry_for", "list_entries"]
