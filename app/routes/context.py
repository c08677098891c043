"""What a route gets handed."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from app.services import Services


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesOf: TypeAlias = Annotated[Services, Depends(_services)]
