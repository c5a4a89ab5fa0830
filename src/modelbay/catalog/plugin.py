"""A plugin as read: what its package, its provider and its models declare."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelbay.catalog.findings import DeclarationWarning, WarningKind

if TYPE_CHECKING:  # entities cost start-up time, which listing models does not need
    from modelbay.entities import AIModelEntity, ModelProviderConfiguration, PluginManifest


@dataclass(frozen=True, slots=True)
class PlainPlugin:
    """A plugin as plain data that JSON can hold and the entities accept: what is compiled."""

    checksum: str
    manifest: dict[str, Any]
    provider: dict[str, Any]
    models: list[dict[str, Any]]
    warnings: list[DeclarationWarning] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the plugin for the compiled file."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "warnings": [list(warning) for warning in self.warnings]
        }

    def declared(self) -> ModelProviderConfiguration:
        """Build what the provider declares, without its models: a small part of the whole."""
        from modelbay.entities import ModelProviderConfiguration  # noqa: PLC0415

        return ModelProviderConfiguration.model_validate(self.provider)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PlainPlugin:
        """Return the plugin that `to_json` wrote."""
        rows = value["warnings"]
        return cls(
            **value | {"warnings": [DeclarationWarning(WarningKind(row[0]), *row[1:]) for row in rows]}
        )


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin folder: its manifest, its one provider, and the provider's models in display order.

    `warnings` says what was odd, and `checksum` is a digest of all its YAML files.
    """

    folder: Path
    manifest: PluginManifest
    provider: ModelProviderConfiguration
    models: list[AIModelEntity]
    warnings: list[DeclarationWarning]
    checksum: str

    @classmethod
    def from_plain(cls, folder: Path, plain: PlainPlugin) -> Plugin:
        """Build the entities of a plugin that was read or compiled before."""
        from modelbay.entities import AIModelEntity, PluginManifest  # noqa: PLC0415

        models = [AIModelEntity.model_validate(model) for model in plain.models]
        provider = plain.declared()
        provider.models = models
        manifest = PluginManifest.model_validate(plain.manifest)
        return cls(folder, manifest, provider, models, plain.warnings, plain.checksum)
