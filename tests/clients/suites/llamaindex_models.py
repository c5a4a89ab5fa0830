# mypy: ignore-errors
"""LlamaIndex: its OpenAI-like model and embeddings."""

import pytest
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from openai import AuthenticationError
from pydantic import BaseModel


class Bay(BaseModel):
    """What the model shall fill in."""

    name: str
    depth: int


def model_of(target, key, **more):
    """Return the model of a gateway."""
    return OpenAILike(
        model=target.model,
        api_base=f"{target.url}/v1",
        api_key=key,
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=8000,
        max_retries=0,
        **more,
    )


@pytest.fixture
def llm(target):
    return model_of(target, target.key)


@pytest.fixture
def embed_model(target):
    return OpenAILikeEmbedding(
        model_name=target.models["embeddings"], api_base=f"{target.url}/v1", api_key=target.key
    )


def test_a_conversation_is_answered(llm, target):
    turns = [("system", "Be brief."), ("user", target.prompt("What is a bay?"))]

    answer = llm.chat([ChatMessage(role=role, content=text) for role, text in turns])

    assert "What is a bay?" in answer.message.content


async def test_a_conversation_is_answered_without_blocking(llm, target):
    answer = await llm.acomplete(target.prompt("What is a bay?"))

    assert "What is a bay?" in answer.text


def test_an_answer_is_streamed(llm, target):
    pieces = [piece.delta for piece in llm.stream_complete(target.prompt("What is a bay?"))]

    assert "What is a bay?" in "".join(piece or "" for piece in pieces)


@pytest.mark.ability("tools")
def test_a_tool_is_called(llm):
    def get_weather(city: str) -> str:
        """Tell the weather of a city."""
        return f"It rains in {city}."

    answer = llm.predict_and_call([FunctionTool.from_defaults(get_weather)], "Ask get_weather about Bergen.")

    assert "It rains" in str(answer)


@pytest.mark.ability("tools")
def test_a_typed_answer_is_made_by_a_tool(llm):
    answer = llm.as_structured_llm(Bay).complete("A bay of 7 metres.")

    assert isinstance(answer.raw, Bay)


@pytest.mark.ability("embeddings")
def test_texts_are_found_by_their_vectors(llm, embed_model):
    Settings.llm, Settings.embed_model = llm, embed_model
    documents = [Document(text=text) for text in ("A bay is a body of water.", "Bread is baked.")]

    found = (
        VectorStoreIndex.from_documents(documents)
        .as_retriever(similarity_top_k=1)
        .retrieve("A bay is a body of water.")
    )

    assert "bay" in found[0].text


@pytest.mark.ability("errors")
def test_a_wrong_key_is_told(target):
    with pytest.raises(AuthenticationError):
        model_of(target, "wrong").complete("What is a bay?")
