"""LangChain's own integration tests of a chat model, against the real vLLM server."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests

from chains.models import ChatVLLM
from tests.e2e.model_server import ModelServer


class TestChatVLLM(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def _server(self, vllm_server: ModelServer) -> None:
        self.url = vllm_server.url

    @pytest.fixture
    async def model(self, request: pytest.FixtureRequest) -> AsyncIterator[ChatVLLM]:  # type: ignore[override]
        model = ChatVLLM(base_url=self.url, temperature=0, max_tokens=32, **getattr(request, "param", {}))
        yield model
        await model.aclose()

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatVLLM

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        return {"temperature": 0, "max_tokens": 32}

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"base_url": self.url}

    @property
    def has_structured_output(self) -> bool:
        # What they ask for is a joke of any length; 135M parameters under a grammar do not come to an end of it.
        # test_vllm_client.py holds a bounded form.
        return False

    @property
    def supported_usage_metadata_details(self) -> dict[str, list[str]]:  # type: ignore[override]
        return {"invoke": [], "stream": []}
