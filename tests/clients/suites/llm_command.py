# mypy: ignore-errors
"""`llm`, the command: a gateway is a few lines of YAML in its own directory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def llm(target, tmp_path):
    """Run the command with a directory that says where the gateway is."""
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: bay\n  model_name: {target.model}\n  api_base: {target.url}/v1\n  api_key_name: bay\n"
        "  supports_tools: true\n  supports_schema: true\n",
        "utf-8",
    )

    def run(*arguments):
        environment = os.environ | {"LLM_USER_PATH": str(tmp_path)}
        command = [Path(sys.executable).with_name("llm"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    keep_key(tmp_path, target.key)
    return run


def keep_key(place, key):
    """Do what `llm keys set` does, without the seconds that it takes."""
    (place / "keys.json").write_text(json.dumps({"bay": key}), "utf-8")


def test_an_answer_is_streamed(llm, target):
    ran = llm("-m", "bay", target.prompt("What is a bay?"))

    assert (ran.returncode, "What is a bay?" in ran.stdout) == (0, True), ran.stderr


def test_an_answer_comes_whole(llm, target):
    ran = llm("-m", "bay", "--no-stream", "-s", "Be brief.", target.prompt("What is a bay?"))

    assert (ran.returncode, "What is a bay?" in ran.stdout) == (0, True), ran.stderr


@pytest.mark.ability("tools")
def test_a_tool_is_run(llm, target):
    function = 'def get_tide(place: str) -> str:\n    "Tell the tide."\n    return "high tide"\n'

    ran = llm("-m", "bay", "--functions", function, target.models.get("call", "Ask get_tide about Bergen."))

    assert (ran.returncode, "high tide" in ran.stdout) == (0, True), ran.stderr


@pytest.mark.ability("schema")
def test_an_answer_follows_a_schema(llm):
    ran = llm("-m", "bay", "--schema", "name, depth int", "A bay of 7 metres.")

    assert (ran.returncode, '"depth"' in ran.stdout) == (0, True), ran.stderr


@pytest.mark.ability("errors")
def test_an_error_is_told_in_a_line(llm, tmp_path):
    keep_key(tmp_path, "wrong")

    ran = llm("-m", "bay", "What is a bay?")

    assert ran.returncode == 1
    assert "401" in ran.stderr
