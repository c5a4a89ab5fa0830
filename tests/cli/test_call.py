"""`modelbay call`: one call of each model type, from arguments and stdin to stdout and files."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.commands import PROGRAM, Here, clean_environment, modelbay
from tests.upstreams.openai import OpenAIUpstream

CHAT = "sandbox/sandbox-chat"
EMBEDDING = "sandbox/sandbox-embedding"
VOICE = "sandbox/sandbox-voice"


def test_a_prompt_is_an_argument_or_stdin(here: Here) -> None:
    """Both ends are what a shell script has at hand."""
    argument = here("call", "llm", CHAT, "/echo Ahoy")
    piped = here("call", "llm", CHAT, stdin=b"/echo Ahoy")
    dashed = here("call", "llm", CHAT, "-", stdin=b"/echo Ahoy")

    assert argument.out == piped.out == dashed.out == "Ahoy\n"
    assert (argument.code, argument.err) == (0, "")


def test_reasoning_stays_out_of_a_pipe(here: Here) -> None:
    """The next program wants the answer."""
    assert "The longest is" not in here("call", "llm", "sandbox/sandbox-thinker", "hello").out


def test_json_is_one_object_with_the_usage(here: Here) -> None:
    """One line, so that jq and logs can take it."""
    done = here("call", "llm", CHAT, "/echo Ahoy", "--json")
    result = json.loads(done.out)

    assert done.out.count("\n") == 1
    assert (result["text"], result["finish_reason"], result["model"]) == ("Ahoy", "stop", "sandbox-chat")
    assert result["usage"]["completion_tokens"] > 0


def test_json_of_a_stream_is_one_line_a_chunk(here: Here) -> None:
    """Only the last has the usage, as in the library."""
    done = here("call", "llm", CHAT, "/echo one two three", "--json", "--stream")
    *head, last = [json.loads(line) for line in done.out.splitlines()]

    assert "".join(chunk["delta"]["message"]["content"] for chunk in [*head, last]) == "one two three"
    assert all("usage" not in chunk["delta"] for chunk in head)
    assert last["delta"]["finish_reason"] == "stop"


def test_an_answer_can_go_to_a_file(here: Here, tmp_path: Path) -> None:
    """Whole or as it comes, the file holds the same."""
    for flag in ("--stream", "--no-stream"):
        done = here("call", "llm", CHAT, "/echo Ahoy", flag, "--output", tmp_path / flag)
        assert (done.code, done.out) == (0, "")
        assert (tmp_path / flag).read_text("utf-8") == "Ahoy\n"


def test_a_file_that_cannot_be_written_is_a_mistake(here: Here, tmp_path: Path) -> None:
    """A directory is not a file."""
    done = here("call", "llm", CHAT, "hi", "--output", tmp_path)

    assert done.code == 2
    assert str(tmp_path) in done.error


def test_tools_and_a_schema_come_from_files(here: Here, tmp_path: Path) -> None:
    """JSON of that size is nothing for an argument."""
    tools, schema = tmp_path / "tools.json", tmp_path / "schema.json"
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools.write_text(json.dumps([{"name": "get_weather", "description": "", "parameters": city}]))
    schema.write_text(json.dumps(city))

    called = here("call", "llm", CHAT, "/tool get_weather", "--tools", tools, "--json")
    shaped = here("call", "llm", CHAT, "Where is Lisbon?", "--schema", schema)

    assert json.loads(called.out)["message"]["tool_calls"][0]["function"]["name"] == "get_weather"
    assert json.loads(shaped.out).keys() == {"city"}


def test_what_is_attached_reaches_the_upstream(here: Here, openai: OpenAIUpstream, tmp_path: Path) -> None:
    """Instructions, an image and a text file become the parts of one request."""
    picture, notes = tmp_path / "p.png", tmp_path / "notes.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(8))
    notes.write_text("remember the milk", "utf-8")
    attached: list[str | Path] = [
        "--image",
        picture,
        "--file",
        notes,
        "--system",
        "Be brief",
        "-p",
        "temperature=0.5",
    ]

    done = here("call", "llm", "openai/gpt-4.1-mini", "What is it?", *attached, env=keys(openai))
    body = openai.requests[-1].body

    assert done.code == 0, done.err
    assert body["temperature"] == 0.5
    sent = json.dumps(body["messages"])
    assert all(words in sent for words in ("Be brief", "data:image/png;base64", "remember the milk"))


def keys(upstream: OpenAIUpstream, key: str = "sk-right-key-123") -> dict[str, str]:
    """Return the environment that leads to a fake OpenAI."""
    return {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": upstream.base_url}


@pytest.mark.parametrize("source", ["-", "file"])
def test_a_key_comes_from_a_file_or_from_stdin(
    here: Here, openai: OpenAIUpstream, tmp_path: Path, source: str
) -> None:
    """So that it is in no argument, which every user of the machine can read."""
    text = json.dumps({"openai_api_key": "sk-right-key-123", "openai_api_base": openai.base_url})
    path = tmp_path / "key.json"
    path.write_text(text)
    stdin = text.encode() if source == "-" else b""

    done = here(
        *("call", "llm", "openai/gpt-4.1-mini", "hello"),
        *("--credentials", "-" if source == "-" else path),
        stdin=stdin,
    )

    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


def test_stdin_cannot_hold_both_prompt_and_key(here: Here) -> None:
    """It would be read as one of them, and the other would be empty."""
    assert here("call", "llm", CHAT, "--credentials", "-").code == 2


@pytest.mark.parametrize("status, code", [(401, 3), (400, 2), (404, 2), (500, 1), (503, 1)])
def test_an_upstreams_refusal_is_one_line_without_the_key(
    here: Here, openai: OpenAIUpstream, status: int, code: int
) -> None:
    """Upstreams quote the key that they refuse; it must not go on into a log."""
    said = {"error": {"message": "no good: sk-right-key-123"}}
    for _ in range(3):
        openai.will_answer(said, status=status)

    done = here("call", "llm", "openai/gpt-4.1-mini", "hello", "--no-stream", env=keys(openai))

    assert done.code == code
    assert "no good" in done.error
    assert "sk-right" not in done.err


@pytest.mark.parametrize(
    ("kind", "code"),
    [("connection", 1), ("unavailable", 1), ("rate-limit", 1), ("authorization", 3), ("bad-request", 2)],
)
def test_every_class_of_failure_has_its_exit_code(here: Here, kind: str, code: int) -> None:
    """What has come so far stays on stdout, on a line of its own."""
    done = here("call", "llm", CHAT, f"/fail {kind} after 2 Hello there")

    assert done.code == code
    assert done.out.endswith("\n")
    assert done.error


def test_texts_are_embedded_from_arguments_or_lines(here: Here) -> None:
    """One vector a line, in the order of the texts."""
    arguments = here("call", "embed", EMBEDDING, "a cat", "a dog")
    lines = here("call", "embed", EMBEDDING, stdin=b"a cat\n\na dog\n")
    whole = json.loads(here("call", "embed", EMBEDDING, "a cat", "--json").out)

    assert arguments.out == lines.out
    assert [len(json.loads(line)) for line in lines.out.splitlines()] == [len(whole["embeddings"][0])] * 2
    assert whole["usage"]["tokens"] > 0


def test_documents_are_ranked_from_arguments_or_lines(here: Here) -> None:
    """Best first: score, place among those sent, text."""
    model = "sandbox/sandbox-rerank"
    done = here("call", "rerank", model, "cat", stdin=b"a dog\na cat\n")
    best = here("call", "rerank", model, "cat", "a dog", "a cat", "--top-n", "1", "--json")

    assert [line.split("\t")[1:] for line in done.out.splitlines()] == [["1", "a cat"], ["0", "a dog"]]
    assert [doc["index"] for doc in json.loads(best.out)["docs"]] == [1]


def test_speech_can_be_piped_into_its_recogniser() -> None:
    """Bytes on stdout, bytes on stdin, through the real program: streams of bytes are easily spoilt."""
    speak = [*PROGRAM, "call", "speak", VOICE]
    audio = subprocess.run(
        speak, input=b"good morning", stdout=subprocess.PIPE, env=clean_environment(), check=True
    ).stdout

    done = modelbay("call", "transcribe", "sandbox/sandbox-recogniser", "-", stdin=audio)

    assert done.out == "good morning\n"


def test_speech_without_a_file_is_in_the_json(here: Here) -> None:
    """Base64 is what JSON can hold."""
    result = json.loads(here("call", "speak", VOICE, "ahoy", "--json").out)

    assert base64.b64decode(result["audio"])[:4] == b"RIFF"


def test_speech_goes_to_a_file(here: Here, tmp_path: Path) -> None:
    """With --json the result says which."""
    path = tmp_path / "speech.wav"
    done = here("call", "speak", VOICE, "ahoy", "--output", path, "--json")
    result = json.loads(done.out)

    assert path.read_bytes()[:4] == b"RIFF"
    assert (result["path"], result["mime_type"]) == (str(path), "audio/wav")
    assert result["bytes"] == path.stat().st_size


def test_moderation_is_a_word_or_an_object(here: Here) -> None:
    """A flagged text is a call that worked: its exit code is 0."""
    model = "sandbox/sandbox-moderation"
    harmless = here("call", "moderate", model, "hello")
    flagged = here("call", "moderate", model, "I will kill you")
    whole = json.loads(here("call", "moderate", model, "I will kill you", "--json").out)

    assert (harmless.out, flagged.out) == ("harmless\n", "flagged\tviolence\n")
    assert flagged.code == 0
    assert (whole["flagged"], whole["categories"]) == (True, ["violence"])


@pytest.mark.parametrize("command", ["llm", "embed", "moderate"])
def test_empty_input_is_a_mistake(here: Here, command: str) -> None:
    """A broken pipeline upstream shows as itself, not as a strange answer."""
    model = {"llm": CHAT, "embed": EMBEDDING, "moderate": "sandbox/sandbox-moderation"}[command]

    assert here("call", command, model, stdin=b"").code == 2
