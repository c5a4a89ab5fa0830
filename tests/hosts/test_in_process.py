"""Plugins are loaded from their folder, side by side, and every mistake in one is told with its file."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.conftest import LLM, PROVIDER, Write

from modelbay.entities import ModelType, UserPromptMessage
from modelbay.errors import DeclarationError, InvokeBadRequestError
from modelbay.hosts import InProcessHost, ProviderCode
from modelbay.sdk.wired import WiredProvider, WiredTextEmbeddingModel
from modelbay.wires.transport import Transport

GOOD = {"provider/acme.py": PROVIDER, "models/llm/llm.py": LLM}
HELLO = [UserPromptMessage(content="Hi")]


async def said_by(host: InProcessHost, code: ProviderCode) -> str:
    model: Any = host.model(code, ModelType.LLM)
    return str((await model.invoke("m", {}, HELLO)).text)


async def test_a_plugin_is_loaded_and_called(write: Write, transport: Transport) -> None:
    """The model gets its declarations, its provider's and the way to the network."""
    host, code = InProcessHost(transport), write(GOOD)
    model = host.model(code, ModelType.LLM)

    assert await said_by(host, code) == "plain"
    assert [schema.model for schema in model.predefined_models()] == ["m"]
    assert model.provider_schema is code.provider
    assert model.transport is transport


async def test_every_call_gets_a_fresh_object(write: Write, transport: Transport) -> None:
    """Plugins keep the state of a call on `self`."""
    host, code = InProcessHost(transport), write(GOOD)
    one, other = host.model(code, ModelType.LLM), host.model(code, ModelType.LLM)

    assert one is not other
    assert type(one) is type(other)


async def test_files_of_a_plugin_import_each_other(write: Write, transport: Transport) -> None:
    """With and without an `__init__.py`, from the same folder and from above."""
    files = GOOD | {
        "models/common.py": "PREFIX = 'from '",
        "models/llm/words.py": "from ..common import PREFIX\nWORD = PREFIX + 'words'",
        "models/llm/llm.py": "from .words import WORD\n" + LLM.replace('"plain"', "WORD"),
    }
    assert await said_by(InProcessHost(transport), write(files)) == "from words"


@pytest.mark.parametrize("names", [("one", "two"), ("acme-1", "acme_1"), ("a.b", "a b")])
async def test_plugins_with_the_same_file_names_do_not_mix(
    write: Write, transport: Transport, names: tuple[str, str]
) -> None:
    """`models.llm.llm` is in every plugin, and folders may differ by one sign."""
    host = InProcessHost(transport)
    codes = [write(GOOD | {"models/llm/llm.py": LLM.replace("plain", name)}, name=name) for name in names]

    assert [await said_by(host, code) for code in codes] == list(names)


async def test_a_plugin_leaves_no_module_under_its_own_names(write: Write, transport: Transport) -> None:
    """`models` and `provider` are names that anybody may want."""
    before = set(sys.modules)
    await said_by(InProcessHost(transport), write(GOOD))

    assert all(name.startswith("modelbay") for name in set(sys.modules) - before)
    assert not any(path for path in sys.path if "acme" in path)


async def test_the_last_class_of_a_type_counts(write: Write, transport: Transport) -> None:
    """Imported classes come before the plugin's own; two of its own: the later one."""
    later = LLM + "\n\nclass Later(AcmeLLM):\n    word = 'later'\n"
    files = GOOD | {
        "models/base.py": LLM.replace("plain", "imported"),
        "models/llm/llm.py": "from ..base import AcmeLLM as Imported\n" + later,
    }
    assert await said_by(InProcessHost(transport), write(files)) == "later"


async def test_loading_happens_once_however_many_ask(
    write: Write, transport: Transport, tmp_path: Path
) -> None:
    """Two copies of a module have classes that do not know each other."""
    marks = tmp_path / "marks"
    files = GOOD | {
        "models/llm/llm.py": LLM + f"\nwith open({str(marks)!r}, 'a') as file:\n    file.write('x')\n"
    }
    host, code = InProcessHost(transport), write(files)
    together = threading.Barrier(8)
    kinds: list[type] = []

    def ask() -> None:
        together.wait(30)
        kinds.append(type(host.model(code, ModelType.LLM)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(set(kinds)) == 1
    assert len(kinds) == 8
    assert marks.read_text() == "x"


def test_a_plugin_with_a_wire_needs_no_python(write: Write, transport: Transport) -> None:
    """Every supported type gets the ready-made class."""
    code = write({}, provider_source="", model_sources=(), wire="openai")
    host = InProcessHost(transport)

    assert type(host.model(code, ModelType.TEXT_EMBEDDING)) is WiredTextEmbeddingModel
    assert type(host.provider(code)) is WiredProvider
    assert [model.model for model in host.provider(code).models(ModelType.LLM)] == ["m"]


async def test_a_plugins_own_class_goes_before_the_wires(write: Write, transport: Transport) -> None:
    """Code is written where the declaration is not enough, one type at a time."""
    code = write(GOOD, provider_source="", wire="openai")
    host = InProcessHost(transport)

    assert await said_by(host, code) == "plain"
    assert type(host.model(code, ModelType.TEXT_EMBEDDING)) is WiredTextEmbeddingModel


def test_a_provider_makes_models_of_its_own(write: Write, transport: Transport) -> None:
    """Plugins prove their credentials by a call of one of their models."""
    provider = InProcessHost(transport).provider(write(GOOD))
    assert provider.get_model_instance(ModelType.LLM).predefined_models()
    with pytest.raises(InvokeBadRequestError, match="'acme' has no rerank models"):
        provider.get_model_instance(ModelType.RERANK)


BROKEN = [
    ({"provider_source": "provider/none.py"}, {}, r"acme: there is no file 'provider/none\.py'"),
    ({"model_sources": ("models/none.py",)}, {}, r"acme: there is no file 'models/none\.py'"),
    ({"provider_source": ""}, {}, "neither `extra.python.provider_source` nor `wire`"),
    ({}, {"provider/acme.py": "x = 1"}, r"acme\.py: found 0 subclasses of ModelProvider"),
    (
        {},
        {"provider/acme.py": PROVIDER + "\nclass Two(AcmeProvider):\n    pass\n"},
        r"acme\.py: found 2 subclasses of ModelProvider",
    ),
    ({}, {"models/llm/llm.py": "import no_such_module"}, r"llm\.py: ModuleNotFoundError: .*no_such_module"),
    ({}, {"models/llm/llm.py": "def broken("}, r"llm\.py: SyntaxError"),
    ({}, {"models/llm/llm.py": "1 / 0"}, r"llm\.py: ZeroDivisionError"),
    ({}, {"models/llm/llm.py": "raise SystemExit(3)"}, r"llm\.py: SystemExit: 3"),
    (
        {},
        {"models/llm/llm.py": LLM.replace("def validate_credentials", "def other")},
        r"AcmeLLM.*validate_cred",
    ),
    ({}, {"models/llm/llm.py": LLM + "\n    def __init__(self, a, b): ...\n"}, r"acme.*AcmeLLM"),
]


@pytest.mark.parametrize(("options", "files", "message"), BROKEN)
def test_a_broken_plugin_is_told_with_its_file(
    write: Write, transport: Transport, options: dict[str, Any], files: dict[str, str], message: str
) -> None:
    """Its author must find the place; nobody else sees a traceback."""
    code = write(GOOD | files, **options)
    with pytest.raises(DeclarationError, match=message):
        InProcessHost(transport).model(code, ModelType.LLM)


def test_a_plugin_that_was_mended_loads_without_a_restart(write: Write, transport: Transport) -> None:
    """An author edits and tries again."""
    host = InProcessHost(transport)
    code = write(GOOD | {"models/llm/llm.py": "1 / 0"})
    with pytest.raises(DeclarationError):
        host.model(code, ModelType.LLM)
    (code.folder / "models/llm/llm.py").write_text(LLM + "\n# mended, and longer than before\n")

    assert host.model(code, ModelType.LLM)
