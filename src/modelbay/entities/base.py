"""What every entity shares."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Entity(BaseModel):
    """A value that passes through Modelbay. Fields that it does not know survive a round trip unchanged."""

    model_config = ConfigDict(extra="allow", protected_namespaces=(), use_attribute_docstrings=False)

    @property
    def unknown_fields(self) -> dict[str, Any]:
        """The fields that came with the value and that Modelbay has no name for."""
        return self.__pydantic_extra__ or {}
