"""Who is served when: a bounded, fair queue for places, whose number follows the model server's own load."""

from app.admission.admission import Admission
from app.admission.limit import AdaptiveLimit
from app.admission.ticket import Priority, Ticket

__all__ = ["AdaptiveLimit", "Admission", "Priority", "Ticket"]
