"""What Gemini refuses beyond its published types. Source: the provider sheet of 2026-11-21."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.sdk.testing import Complaint

from .described import Body, Rule
from .gemini_content import is_genuine

MOST_STOPS, MOST_TEXTS = 5, 100
SAMPLING = ("temperature", "topP", "topK")
BUILT_IN = ("googleSearch", "urlContext", "codeExecution")
FILES = ("https://generativelanguage.googleapis.com/v1beta/files/", "https://www.youtube.com/")
# budget: thinks within a budget; level: by level; signed: wants signatures back; no-sampling: takes none
MODELS: Mapping[str, frozenset[str]] = {
    "gemini-2.5-flash": frozenset({"budget"}),
    "gemini-2.5-pro": frozenset({"budget", "always"}),
    "gemini-3-flash-preview": frozenset({"level", "signed"}),
    "gemini-3.1-pro-preview": frozenset({"level", "signed", "always"}),
    "gemini-3.7-flash": frozenset({"level", "signed", "no-sampling"}),
    "gemma-4-31b-it": frozenset(),
    "gemini-embedding-001": frozenset({"embeds"}),
    "gemini-embedding-2": frozenset({"embeds"}),
}
GENERATE_KEYS = frozenset(
    {"contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig"}
    | {"cachedContent", "serviceTier"}
)


def facts(model: str) -> frozenset[str]:
    """Return what is known of a model; one that is not on the list is of the current generation."""
    return MODELS.get(model, frozenset({"level"}))


def entry(name: str) -> dict[str, Any]:
    """Return a model as the listing shows it."""
    methods = (
        ["embedContent", "batchEmbedContents"]
        if "embeds" in facts(name)
        else ["generateContent", "countTokens"]
    )
    shown: dict[str, Any] = {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 2048 if "embeds" in facts(name) else 1048576,
        "outputTokenLimit": 1 if "embeds" in facts(name) else 65536,
        "supportedGenerationMethods": methods,
    }
    if "embeds" not in facts(name):
        shown |= {"temperature": 1, "maxTemperature": 2, "topP": 0.95, "topK": 64}
        shown |= {"thinking": True} if facts(name) else {}
    return shown


def _no(message: str, where: str) -> Complaint:
    return Complaint(message, where, "INVALID_ARGUMENT")


def turns(body: Body) -> Complaint | None:
    """Turns have a role and parts, and alternate."""
    contents = body.get("contents")
    if not contents:
        return _no("contents is not specified", "contents")
    before = ""
    for place, content in enumerate(contents):
        if content.get("role") not in {"user", "model"}:
            return _no("Please use a valid role: user, model.", f"contents[{place}].role")
        if not content.get("parts") or any(part == {"text": ""} for part in content["parts"]):
            return _no("must include at least one parts field", f"contents[{place}].parts")
        if content["role"] == before:
            return _no("roles must alternate between user and model", f"contents[{place}].role")
        before = content["role"]
    if before != "user":
        return _no("the last turn must be the user's", "contents")
    return None


def parts(body: Body) -> Complaint | None:
    """A part is one thing; files have a type, and only the API's own are named by address."""
    kinds = {"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode"}
    for place, content in enumerate(body["contents"]):
        for index, part in enumerate(content["parts"]):
            where = f"contents[{place}].parts[{index}]"
            if len(kinds & part.keys()) != 1:
                return _no("oneof field 'data' is already set", where)
            data = part.get("inlineData") or part.get("fileData") or {"mimeType": "any"}
            if not data.get("mimeType"):
                return _no("mimeType is required", f"{where}.mimeType")
            if not part.get("fileData", {"fileUri": FILES[0]})["fileUri"].startswith(FILES):
                return _no("Unsupported file uri", f"{where}.fileData.fileUri")
    return None


def answered(body: Body) -> Complaint | None:
    """After a turn with calls come as many results, by the calls' names and first in the turn."""
    called: list[str] = []
    for place, content in enumerate(body["contents"]):
        results = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if [result["name"] for result in results] != called:
            return _no(
                "the number of function response parts must equal that of the function call parts",
                f"contents[{place}]",
            )
        if results and not all("functionResponse" in part for part in content["parts"][: len(results)]):
            return _no("function responses must come first", f"contents[{place}]")
        called = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
    return None


def signed(model: str) -> Rule:
    """Make the rule that calls are signed, the first of a turn always, where the model wants that."""

    def rule(body: Body) -> Complaint | None:
        for place, content in enumerate(body["contents"]):
            calls = [part for part in content["parts"] if "functionCall" in part]
            where = f"contents[{place}]"
            if any("thoughtSignature" in part and not is_genuine(part) for part in calls):
                return _no("Corrupted thought signature.", where)
            if calls and "signed" in facts(model) and "thoughtSignature" not in calls[0]:
                return _no("Function call is missing a thought_signature", where)
        return None

    return rule


def generation(model: str) -> Rule:
    """Make the rule for sampling, stops and thinking."""

    def rule(body: Body) -> Complaint | None:
        config = body.get("generationConfig") or {}
        given = [name for name in SAMPLING if name in config]
        if given and "no-sampling" in facts(model):
            return _no(f"{given[0]} is not supported for this model", f"generationConfig.{given[0]}")
        if not 0 <= config.get("temperature", 0) <= 2:
            return _no("temperature must be in the range [0.0, 2.0]", "generationConfig.temperature")
        if len(config.get("stopSequences") or ()) > MOST_STOPS:
            return _no("at most 5 stop sequences", "generationConfig.stopSequences")
        return thinking(config.get("thinkingConfig") or {}, facts(model))

    return rule


def thinking(config: Body, known: frozenset[str]) -> Complaint | None:
    """A budget or a level, never both, and the one that the model knows."""
    where = "generationConfig.thinkingConfig"
    if {"thinkingBudget", "thinkingLevel"} <= config.keys():
        return _no("You can only set one of thinking budget and thinking level.", where)
    if config and not known & {"budget", "level"}:
        return _no("Thinking is not supported for this model", where)
    if "thinkingBudget" in config and "budget" not in known:
        return _no("Thinking budget is not supported for this model.", where)
    if "thinkingLevel" in config and "level" not in known:
        return _no("Thinking level is not supported for this model.", where)
    if config.get("thinkingBudget") == 0 and "always" in known:
        return _no("Budget 0 is invalid. This model only works in thinking mode.", where)
    return None


def fitting_tools(model: str) -> Rule:
    """Make the rule for what goes together with tools."""

    def rule(body: Body) -> Complaint | None:
        tools = body.get("tools") or ()
        own = {name for tool in tools for name in BUILT_IN if name in tool}
        functions = {each["name"] for tool in tools for each in tool.get("functionDeclarations", ())}
        mode = ((body.get("toolConfig") or {}).get("functionCallingConfig")) or {}
        if own and functions:
            return _no("Built-in tools and Function Calling cannot be combined", "tools")
        if {"urlContext", "codeExecution"} <= own:
            return _no("urlContext and codeExecution are exclusive", "tools")
        if mode.get("allowedFunctionNames") and mode["mode"] not in {"ANY", "VALIDATED"}:
            return _no("Allowed function names should only be set when mode is ANY", "toolConfig")
        if not functions.issuperset(mode.get("allowedFunctionNames") or ()):
            return _no("allowed_function_names names no declared function", "toolConfig")
        config = body.get("generationConfig") or {}
        if tools and "budget" in facts(model) and "responseMimeType" in config:
            return _no("Tool use with a response mime type 'application/json' is unsupported", "tools")
        return None

    return rule


def batch(model: str) -> Rule:
    """Make the rule for requests of vectors: at most 100, all of the model in the path."""

    def rule(body: Body) -> Complaint | None:
        asked = body.get("requests") or ()
        if not 0 < len(asked) <= MOST_TEXTS:
            return _no("at most 100 requests can be in one batch", "requests")
        for place, each in enumerate(asked):
            if each.get("model") != f"models/{model}":
                return _no("the model must match that of the batch", f"requests[{place}].model")
            unknown = each.keys() - {"model", "content", "taskType", "title", "outputDimensionality"}
            if unknown:
                return _no(f"Unknown name {min(unknown)!r}", f"requests[{place}].{min(unknown)}")
        return None

    return rule


def rules(verb: str, model: str) -> Sequence[Rule]:
    """Return the rules for what is asked of a model."""
    if verb == "batchEmbedContents":
        return (batch(model),)
    return (turns, parts, answered, signed(model), generation(model), fitting_tools(model))
