# mypy: ignore-errors
"""LangChain's own standard tests of models, through its packages for OpenAI and Anthropic."""

import base64
import json
import os

import httpx
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests, EmbeddingsIntegrationTests

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n%%EOF\n"
MODELS = json.loads(os.environ["SUITE_MODELS"])


@pytest.fixture(autouse=True)
def pictures(monkeypatch):
    """Have the files that LangChain's tests fetch from the internet here."""

    def get(url, **options):
        content = PDF if url.endswith(".pdf") else PNG
        return httpx.Response(200, content=content, request=httpx.Request("GET", url))

    monkeypatch.setattr(httpx, "get", get)


@pytest.fixture(autouse=True)
def weather(request):
    """Have the model ask for the weather: a stand-in calls by itself only a tool that the question names."""
    if request.node.originalname == "test_agent_loop":
        request.getfixturevalue("upstream").calls("get_weather", {"location": "San Francisco, CA"})


class ChatModel(ChatModelIntegrationTests):
    """What is true of all models here."""

    @property
    def chat_model_params(self):
        return {"model": MODELS["chat"], "max_retries": 0, **self.address}

    @property
    def supports_image_inputs(self):
        return True

    @property
    def supports_image_tool_message(self):
        return False

    @property
    def supports_model_override(self):
        return True

    @property
    def model_override_value(self):
        """The name by itself: an answer tells the provider's own name of its model."""
        return MODELS["chat"].partition("/")[2]


@pytest.mark.ability("openai")
class TestOpenAI(ChatModel):
    """`ChatOpenAI` on chat completions."""

    chat_model_class = ChatOpenAI

    @property
    def address(self):
        key = os.environ["MODELBAY_API_KEY"]
        return {"base_url": os.environ["MODELBAY_BASE_URL"] + "/v1", "api_key": key, "stream_usage": True}


@pytest.mark.ability("openai-responses")
class TestOpenAIResponses(ChatModel):
    """`ChatOpenAI` on the Responses API."""

    chat_model_class = ChatOpenAI

    @property
    def address(self):
        key = os.environ["MODELBAY_API_KEY"]
        return {
            "base_url": os.environ["MODELBAY_BASE_URL"] + "/v1",
            "api_key": key,
            "use_responses_api": True,
        }


@pytest.mark.ability("anthropic")
class TestAnthropic(ChatModel):
    """`ChatAnthropic`."""

    chat_model_class = ChatAnthropic

    @property
    def address(self):
        return {"base_url": os.environ["MODELBAY_BASE_URL"], "api_key": os.environ["MODELBAY_API_KEY"]}


@pytest.mark.ability("embeddings")
class TestEmbeddings(EmbeddingsIntegrationTests):
    """`OpenAIEmbeddings`; it counts tokens by itself only when it is told to cut long texts."""

    embeddings_class = OpenAIEmbeddings

    @property
    def embedding_model_params(self):
        return {
            "model": MODELS["embeddings"],
            "base_url": os.environ["MODELBAY_BASE_URL"] + "/v1",
            "api_key": os.environ["MODELBAY_API_KEY"],
            "check_embedding_ctx_length": False,
        }
