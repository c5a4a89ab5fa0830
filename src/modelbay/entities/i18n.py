"""Texts in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from modelbay.entities.base import Entity

LANGUAGES = {"en_us": "en_US", "zh_hans": "zh_Hans", "pt_br": "pt_BR", "ja_jp": "ja_JP"}


class I18nObject(Entity):
    """A text in up to four languages; a missing one reads as English.

    Both spellings in use among plugins are accepted and readable: `en_US` and `en_us`.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    en_us: str = Field(alias="en_US")
    zh_hans: str = Field(default="", alias="zh_Hans")
    pt_br: str = Field(default="", alias="pt_BR")
    ja_jp: str = Field(default="", alias="ja_JP")

    @model_validator(mode="before")
    @classmethod
    def _read_loose_forms(cls, value: Any) -> Any:
        """Accept what declarations in the wild have: a plain string, `{text: {...}}`, null for a language."""
        if isinstance(value, str):
            return {"en_US": value}
        if isinstance(value, Mapping):
            inner = value.get("text")
            fields = inner if isinstance(inner, Mapping) and "en_US" not in value else value
            return {name: text for name, text in fields.items() if text is not None}
        return value

    @model_validator(mode="after")
    def _fall_back_to_english(self) -> I18nObject:
        for field in ("zh_hans", "pt_br", "ja_jp"):
            if not getattr(self, field):
                self.__dict__[field] = self.en_us
        return self

    @property
    def en_US(self) -> str:  # noqa: N802 - the spelling of SDKs up to 0.8
        """English."""
        return self.en_us

    @property
    def zh_Hans(self) -> str:  # noqa: N802
        """Simplified Chinese, else English."""
        return self.zh_hans

    @property
    def pt_BR(self) -> str:  # noqa: N802
        """Brazilian Portuguese, else English."""
        return self.pt_br

    @property
    def ja_JP(self) -> str:  # noqa: N802
        """Japanese, else English."""
        return self.ja_jp

    def to_dict(self) -> dict[str, str]:
        """Return the four languages under their usual keys."""
        return {alias: getattr(self, field) for field, alias in LANGUAGES.items()}
