"""Run one fake upstream by hand: `python -m tests.upstreams openai --port 8081 --fault 429`."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from modelbay.sdk.testing import FakeUpstream, Reply
from modelbay.sdk.testing.faults import NAMES, Fault, named

from .openai_vendors import VENDORS, VendorUpstream

# Loaded one at a time: whoever runs one fake does not wait for the others.
CLASSES: Mapping[str, str] = {
    "anthropic": "anthropic:AnthropicUpstream",
    "azure": "azure:AzureUpstream",
    "bedrock": "bedrock:BedrockUpstream",
    "cohere": "cohere:CohereUpstream",
    "dashscope": "dashscope:DashScopeUpstream",
    "gemini": "gemini:GeminiUpstream",
    "gpustack": "gpustack:GPUStackUpstream",
    "huggingface": "huggingface:HuggingFaceUpstream",
    "jina": "jina:JinaUpstream",
    "localai": "localai:LocalAIUpstream",
    "minimax": "minimax:MiniMaxUpstream",
    "mistral": "mistral:MistralUpstream",
    "nvidia": "nvidia:NvidiaUpstream",
    "ollama": "ollama:OllamaUpstream",
    "openai": "openai:OpenAIUpstream",
    "openllm": "openllm:LegacyOpenLLMUpstream",
    "replicate": "replicate:ReplicateUpstream",
    "spark": "spark:SparkUpstream",
    "tei": "tei:TEIUpstream",
    "tgi": "tgi:TGIUpstream",
    "together": "together:TogetherUpstream",
    "vertex": "vertex:VertexUpstream",
    "vllm": "vllm:VLLMUpstream",
    "volcengine": "volcengine:ArkUpstream",
    "voyage": "voyage:VoyageUpstream",
    "wenxin": "wenxin:WenxinUpstream",
    "xinference": "xinference:XinferenceUpstream",
    "zhipuai": "zhipuai:ZhipuUpstream",
}
FAMILIES = sorted({*CLASSES, *VENDORS})


def class_of(name: str) -> Callable[..., FakeUpstream]:
    """Return what makes the fake of that name."""
    if name in VENDORS:
        return partial(VendorUpstream, name)
    module, _, attribute = CLASSES[name].partition(":")
    made: Callable[..., FakeUpstream] = getattr(
        importlib.import_module(f"tests.upstreams.{module}"), attribute
    )
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until Ctrl-C."""
    parser = _parser()
    given = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        asyncio.run(_serve(given))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        parser.error(f"cannot listen on port {given.port}: {error.strerror}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.upstreams", description=__doc__)
    add = parser.add_argument
    add("family", choices=FAMILIES)
    add("--port", type=int, default=0, help="where to listen on 127.0.0.1; a free port by default")
    add("--key", help="the accepted key, test-key (ollama: none) by default; an empty one accepts all")
    add("--compatible", action="store_true", help="openai only: a compatible server, not OpenAI itself")
    add("--fault", type=_fault, metavar="FAULT", help=f"fail every request: {', '.join(NAMES)}")
    add("--fault-after", type=int, default=0, metavar="N", help="let N requests pass first")
    add("--fault-times", type=int, metavar="N", help="fail N requests only")
    add("--speed", type=float, default=0, metavar="MS", help="milliseconds between two writes")
    add("--latency", type=float, default=0, metavar="MS", help="milliseconds before an answer")
    add("--boundary", metavar="N|random", help="bytes in one write")
    add("--chunks", type=int, metavar="N", help="answer every chat with N chunks instead of an echo")
    return parser


def _fault(text: str) -> Fault:
    try:
        return named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def _serve(given: argparse.Namespace) -> None:
    upstream = _made(given)
    async with upstream:
        if given.fault:
            upstream.will_fail(given.fault, times=given.fault_times, after=given.fault_after)
        _say(f"{given.family} answers at {upstream.url}")
        _say(f"key: {upstream.key or 'none'}; checked by {_checks(upstream)}")
        for route in upstream.routes():
            _say(f"  {route}")
        _say("Ctrl-C to stop")
        upstream.on_refused = lambda refusal: _say(f"refused {refusal}")
        await asyncio.Event().wait()


def _made(given: argparse.Namespace) -> FakeUpstream:
    options: dict[str, Any] = {"port": given.port}
    if given.key is not None:
        options["key"] = given.key or None
    if given.compatible and given.family == "openai":
        options["compatible"] = True
    upstream = class_of(given.family)(**options)
    upstream.delay, upstream.latency = given.speed / 1000, given.latency / 1000
    if given.boundary:
        upstream.boundary = "random" if given.boundary == "random" else int(given.boundary)
    if given.chunks:
        upstream.reply = Reply(pieces=tuple(f"word{number} " for number in range(given.chunks)))
    return upstream


def _checks(upstream: FakeUpstream) -> str:
    return "its published description and its sheet" if upstream.described else "its sheet only"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
