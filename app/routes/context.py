"""What a route gets handed."""

from typing import Annotated, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.services import Services


def _services(request: HTTPConnection) -> Services:
    services: Services = request.app.state.services
    return services


ServicesOf: TypeAlias = Annotated[Services, Depends(_services)]
