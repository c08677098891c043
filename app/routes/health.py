"""GET /healthz and GET /readyz."""

from fastapi import APIRouter

from app.documented import problems
from app.routes.context import ServicesOf
from app.schemas import Health, IndexState, ModelStateAnswer, Readiness

router = APIRouter(tags=["operation"])


@router.get("/healthz", responses=problems(403))
async def health() -> Health:
    """Whether the process answers."""
    return Health()


@router.get("/readyz", responses=problems(403, 409, 503))
async def readiness(services: ServicesOf) -> Readiness:
    """Whether new requests are welcome (the index is loaded and nobody stops the service), and the model's state."""
    services.drain.refuse()
    generation = services.store.generation
    counts = generation.manifest.counts
    model = services.model.state
    return Readiness(
        index=IndexState(generation=generation.number, notes=counts.notes, patients=counts.patients),
        model=ModelStateAnswer(ready=model.ready, name=model.model, detail=model.detail),
    )
