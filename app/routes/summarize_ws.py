"""The WebSocket twin of POST /summarize."""

from fastapi import APIRouter, WebSocket

from app.audit import entry_for
from app.event_ids import EventId
from app.routes.context import ServicesOf
from app.taking_up import open_frames
from app.websocket import read_request, send_frames

router = APIRouter()


@router.websocket("/ws/summarize")
async def summarize_over_websocket(socket: WebSocket, services: ServicesOf) -> None:
    """Summarize one chart; the events of the stream are sent as messages (docs/api.md)."""
    # A wrong X-Purpose is refused before the connection is taken.
    entry_for(socket, "summarize")
    await socket.accept()
    asked = await read_request(socket, services.drain)
    entry = entry_for(socket, "summarize", patient_id=asked.patient_id)
    last = EventId.parse(asked.last_event_id) if asked.last_event_id else None
    await send_frames(socket, open_frames(services.summarizer, asked.to_record(), entry, last=last, fresh=asked.fresh))
