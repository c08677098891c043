"""LangChain's own tests of a chat model."""

from typing import Any

from langchain_tests.unit_tests import ChatModelUnitTests

from chains.models import ChatVLLM


class TestChatVLLM(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[ChatVLLM]:
        return ChatVLLM

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "some-llama"}
