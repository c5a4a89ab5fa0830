"""What a model takes, by its version's OpenAPI schema: inputs, parameters, features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelbay.entities import I18nObject, ModelFeature, ParameterRule, ParameterType
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.replicate.problems import problem_in

# Under which names models have what we know by one.
NAMES: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt",),
    "messages": ("messages",),
    "system": ("system_prompt", "system_instruction", "system_message"),
    "stop": ("stop_sequences", "stop"),
    "max_tokens": (
        "max_tokens",
        "max_new_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "max_length",
    ),
    "image": ("image", "images", "image_input", "input_images"),
    "video": ("video", "videos", "video_input"),
    "audio": ("audio", "audio_file", "audio_input", "input_audio"),
    "document": ("document", "documents", "pdf"),
    "texts": ("texts", "text", "inputs", "input"),
    "speech": ("text", "prompt", "input_text", "gen_text", "text_input"),
    "recording": ("audio", "audio_file", "file", "file_string", "audio_path"),
    "voice": ("voice", "voice_id", "speaker", "preset"),
}
_TYPES = {
    "integer": ParameterType.INT,
    "number": ParameterType.FLOAT,
    "boolean": ParameterType.BOOLEAN,
    "string": ParameterType.STRING,
}
_KINDS = (ModelFeature.VISION, ModelFeature.VIDEO, ModelFeature.AUDIO, ModelFeature.DOCUMENT)
_NO_PARAMETERS = frozenset(
    name
    for kind in ("prompt", "messages", "system", "image", "video", "audio", "document")
    for name in NAMES[kind]
)
_DESCRIBES = frozenset({"owner", "latest_version", "openapi_schema", "cog_version"})
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a model takes.

    Attributes:
        version: The version to run; "" runs the official model, which has no versions.
        fields: The inputs by name, in the order of the model's page, references resolved; None: not known.
        description: What the model's owner says of it.
    """

    version: str = ""
    fields: Mapping[str, Mapping[str, Any]] | None = field(default=None, repr=False)
    description: str = ""

    def place(self, what: str) -> str:
        """Return the input for `what`, one of `NAMES`; "" if the model has none."""
        if self.fields is None:
            return NAMES[what][0]
        return next((name for name in NAMES[what] if name in self.fields), "")

    def place_of_parameter(self, name: str) -> str:
        """Return the input that takes a parameter.

        Raises:
            InvokeBadRequestError: The model has none; names those it has.
        """
        if self.fields is None or name in self.fields:
            return name
        known = self.place(name) if name in NAMES else ""
        if not known:
            raise InvokeBadRequestError(
                f"{name}: the model has no such input; it has {', '.join(self.fields)}"
            )
        return known

    def is_list(self, name: str) -> bool:
        """Whether an input takes several values."""
        return (self.fields or {}).get(name, {}).get("type") == "array"

    @property
    def converses(self) -> bool:
        """Whether this is a language model."""
        if self.fields is None or "language model" in self.description.lower():
            return True
        return bool(self.place("prompt")) and (
            self.fields.keys() >= _SAMPLING or bool(self.place("max_tokens"))
        )


@reads_answer
def inputs_of(body: Any) -> Inputs:
    """Read what a model, or one of its versions, takes."""
    told = answer_object(body)
    if not _DESCRIBES & told.keys():
        raise problem_in(told)
    of_model = "latest_version" in told or "owner" in told
    version = (told.get("latest_version") or {}) if of_model else told
    schemas = ((version.get("openapi_schema") or {}).get("components") or {}).get("schemas") or {}
    declared = (schemas.get("Input") or {}).get("properties")
    fields = None if declared is None else _ordered(declared, schemas)
    runs = "" if of_model and told.get("is_official") else str(version.get("id") or "")
    return Inputs("" if runs == "hidden" else runs, fields, str(told.get("description") or ""))


def features_of(inputs: Inputs) -> list[ModelFeature]:
    """Return what the model takes besides text."""
    words = {ModelFeature.VISION: "image"}
    return [kind for kind in _KINDS if inputs.fields and inputs.place(words.get(kind, kind.value))]


@reads_answer
def rules_of(inputs: Inputs) -> list[ParameterRule]:
    """Return the model's parameters: every input that is neither the prompt, a file nor a stop sequence."""
    ours = {inputs.place("max_tokens"): "max_tokens"}
    fields = (inputs.fields or {}).items()
    return [_rule(ours.get(name, name), schema) for name, schema in fields if _is_parameter(name, schema)]


def voices_of(inputs: Inputs) -> list[str]:
    """Return the voices that a speaking model offers; none if it takes any."""
    return _options((inputs.fields or {}).get(inputs.place("voice"), {}))


def _ordered(declared: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    rows = [(name, _resolved(schema, schemas)) for name, schema in declared.items()]
    return dict(sorted(rows, key=lambda row: float(row[1].get("x-order", len(rows)))))


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input's schema with what it refers to: choices stand in schemas of their own."""
    parts = [*(schema.get("allOf") or []), *([schema] if "$ref" in schema else [])]
    names = [str(part.get("$ref", "")).rpartition("/")[2] for part in parts]
    found: dict[str, Any] = {}
    for name in names:
        found |= schemas.get(name) or {}
    return {**found, **schema}


def _is_parameter(name: str, schema: Mapping[str, Any]) -> bool:
    if name in _NO_PARAMETERS or "stop" in name or schema.get("format") == "uri":
        return False
    return schema.get("type") in _TYPES


def _rule(name: str, schema: Mapping[str, Any]) -> ParameterRule:
    kind = _TYPES[schema["type"]]
    label = str(schema.get("title") or name).replace("_", " ")
    said = schema.get("description")
    bounds = {"min": schema.get("minimum"), "max": schema.get("maximum")}
    return ParameterRule(
        name=name,
        label=I18nObject(en_us=label),
        type=kind,
        help=I18nObject(en_us=str(said)) if said else None,
        default=schema.get("default") or None if kind is ParameterType.STRING else schema.get("default"),
        options=_options(schema) if kind is ParameterType.STRING else [],
        **(bounds if kind in (ParameterType.INT, ParameterType.FLOAT) else {}),
    )


def _options(schema: Mapping[str, Any]) -> list[str]:
    values = schema.get("enum")
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
