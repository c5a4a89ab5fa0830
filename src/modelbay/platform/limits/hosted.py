"""What the installation lends: its own credentials, under quotas, to every workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from modelbay.entities import Credentials, ModelProviderConfiguration
from modelbay.errors import ModelbayError
from modelbay.platform.limits.periods import Period
from modelbay.platform.references import HOW, Reference, ReferenceLostError
from modelbay.runtime.ports import Using

FILE: Final = "hosted.yaml"
UNLIMITED: Final = Decimal(-1)
_DEFAULT: Final = Path(__file__).with_name(FILE)
_LENT: Final = "MODELBAY_HOSTED_OPENAI_API_KEY"  # the one variable that the default refers to
_KINDS: Final = ("str", "bool", "int", "Reference")  # of values, which pydantic takes for parts of a place


class HostedError(ModelbayError):
    """The file of hosted providers cannot be used; the message names the file and the field."""

    summary = "The hosted providers cannot be read."


class Kind(StrEnum):
    """Kinds of quotas, those that are used up first at the front."""

    PAID = "paid"
    FREE = "free"
    TRIAL = "trial"


class Unit(StrEnum):
    """What a quota counts: calls, tokens, or what the model is worth."""

    TIMES = "times"
    TOKENS = "tokens"
    CREDITS = "credits"


def _exact(value: object) -> object:
    """Read a number as it was written; YAML has made a float of it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _from_zero(value: Decimal) -> Decimal:
    if not value.is_finite() or (value < 0 and value != UNLIMITED):
        raise ValueError("a number from 0 on, or -1 for no limit")
    return value


Exact = Annotated[Decimal, BeforeValidator(_exact)]


class QuotaTerms(BaseModel):
    """A quota as the file says it. `limit` is what a workspace gets that was granted nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    unit: Unit
    limit: Annotated[Exact, AfterValidator(_from_zero)] = Field(description="-1 is unlimited, 0 nothing.")
    period: Period = Period.TOTAL
    models: list[str] = Field(default_factory=list, description="Patterns of models; empty means all.")
    credits: dict[str, Annotated[Exact, Field(ge=0)]] = Field(
        default_factory=dict, description="What a call of a model is worth, by pattern; 1 without one."
    )

    def covers(self, model: str) -> bool:
        """Whether calls of a model are paid from it."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)

    def credits_of(self, model: str) -> Decimal:
        """Return what a call of a model is worth: of several patterns the first that fits."""
        found = (worth for pattern, worth in self.credits.items() if fnmatchcase(model, pattern))
        return next(found, Decimal(1))


class _ProviderTerms(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    credentials: dict[str, str | bool | int | Reference]
    quotas: list[QuotaTerms] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class HostedProvider:
    """A provider that is lent: the installation's credentials, and the quotas by kind."""

    name: str
    credentials: Credentials
    quotas: Mapping[Kind, QuotaTerms]
    literal: frozenset[str] = field(default_factory=frozenset)


class Grants(Protocol):
    """What a workspace was granted beside the file's terms."""

    @property
    def grants(self) -> Mapping[tuple[str, str], Decimal]:
        """The limits, by provider and kind."""
        ...


class Hosted:
    """The hosted providers of an installation. Those whose variables are not set are not offered."""

    def __init__(self, providers: Sequence[HostedProvider] = ()) -> None:
        self._providers = {each.name: each for each in providers}

    @classmethod
    def read(cls, data_dir: Path) -> Hosted:
        """Read `hosted.yaml` of a data directory; without one the default, which lends OpenAI's trial.

        Raises:
            HostedError: The file is not as it should be, or a value that it refers to is not there.
        """
        path = data_dir / FILE
        is_own = path.is_file()
        if not is_own and _LENT not in os.environ:
            return cls()  # the default has nothing then: no YAML for it
        import yaml  # noqa: PLC0415 - start-up time and memory, for who lends something

        source = path if is_own else _DEFAULT
        try:
            given = yaml.safe_load(source.read_text("utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise HostedError(f"{source}: {' '.join(str(error).split())}") from None
        if not isinstance(given, dict):
            raise HostedError(f"{source}: this is not a mapping of providers")
        found = (_provider(source, str(name), terms, is_own=is_own) for name, terms in given.items())
        return cls([each for each in found if each is not None])

    def __bool__(self) -> bool:
        return bool(self._providers)

    def providers(self) -> Sequence[HostedProvider]:
        """Return what is lent."""
        return tuple(self._providers.values())

    def check(self, name: str, provider: ModelProviderConfiguration, *, trusted: bool) -> None:
        """Check one provider against its plugin.

        Args:
            trusted: Whether the plugin is built in, or its signature was verified.

        Raises:
            HostedError: The plugin must not see the credentials, or a secret stands in the file itself.
        """
        if not trusted:
            raise HostedError(
                f"{FILE}: {name}: the plugin is neither built in nor verified, so it gets no credentials of "
                "the installation"
            )
        written = self._providers[name].literal & set(provider.secret_variables)
        if written:
            raise HostedError(
                f"{FILE}: {name}.credentials.{min(written)}: a secret is not written here; {HOW}"
            )

    def terms(self, provider: str, kind: str) -> QuotaTerms | None:
        """Return the terms of a quota; None if there is none."""
        found = self._providers.get(provider)
        return found.quotas.get(Kind(kind)) if found else None

    def limit(self, provider: str, kind: Kind, grants: Grants) -> Decimal:
        """Return what a workspace may use of a quota, -1 without limit."""
        granted = grants.grants.get((provider, kind.value))
        return self._providers[provider].quotas[kind].limit if granted is None else granted

    def offers(self, provider: str, model: str | None, grants: Grants) -> tuple[Using, ...]:
        """Return the credentials that a workspace may borrow for a model, those of the best kind first."""
        found = self._providers.get(provider)
        if found is None:
            return ()
        return tuple(
            Using(found.credentials, f"hosted:{kind.value}", "hosted", kind.value)
            for kind in Kind
            if (terms := found.quotas.get(kind)) is not None
            and self.limit(provider, kind, grants) != 0
            and (model is None or terms.covers(model))
        )

    def lends(self, provider: str) -> bool:
        """Whether anything of a provider is lent."""
        return provider in self._providers


def _provider(path: Path, name: str, terms: Any, *, is_own: bool) -> HostedProvider | None:
    try:
        read = _ProviderTerms.model_validate(terms)
    except ValidationError as error:
        first = max(error.errors(include_input=False), key=lambda each: len(each["loc"]))
        place = ".".join(str(part) for part in (name, *first["loc"]) if part not in _KINDS)
        raise HostedError(f"{path}: {place}: {first['msg']}") from None
    quotas = {each.kind: each for each in read.quotas}
    if len(quotas) < len(read.quotas):
        raise HostedError(f"{path}: {name}.quotas: each kind can be there once")
    values: dict[str, Any] = {}
    for variable, value in read.credentials.items():
        try:
            values[variable] = value.value(path.parent) if isinstance(value, Reference) else value
        except ReferenceLostError as error:
            if not is_own:
                return None  # the default's variable is not set: nothing is lent
            raise HostedError(f"{path}: {name}.credentials.{variable}: {error.description}") from None
    literal = {variable for variable, value in read.credentials.items() if not isinstance(value, Reference)}
    return HostedProvider(name, Credentials(values), quotas, frozenset(literal))
