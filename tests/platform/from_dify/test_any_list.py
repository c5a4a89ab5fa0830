"""Any rows that a database may hold are planned: nothing is raised, and a list loses no turn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.platform.from_dify.conftest import CATALOG

from modelbay.platform.from_dify.plan import plan_of
from modelbay.platform.from_dify.planned import Plan
from modelbay.platform.from_dify.reading import Tenant
from modelbay.platform.limits.hosted import Hosted
from modelbay.store.dify import TABLES, Row

OF = {"provider_name": "langgenius/ollama/ollama", "model_name": "house", "model_type": "llm"}
CONFIG = json.dumps(
    {"base_url": "https://a.example", "mode": "chat", "context_size": "4096", "max_tokens": "1024"}
)
KEYS = ("a", "b", "c", "d")
FEW_WORDS = st.sampled_from(
    ["", "__inherit__", "langgenius/ollama/ollama", "acme/x/x", "house", "llm", *KEYS]
)
ANYTHING = st.none() | st.booleans() | st.integers(0, 2) | st.text(max_size=5) | FEW_WORDS | st.just(CONFIG)
COLUMNS = (
    "model_name",
    "model_type",
    "name",
    "encrypted_config",
    "credential_id",
    "enabled",
    "credential_name",
)
MORE = (
    *COLUMNS,
    "provider_name",
    "load_balancing_enabled",
    "created_at",
    "provider_type",
    "preferred_provider_type",
)


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rows of any table, some as they should be, in others something else in some columns."""
    changes = draw(st.lists(st.dictionaries(st.sampled_from(MORE), ANYTHING, max_size=3), max_size=3))
    usual = {**OF, "encrypted_config": CONFIG, "load_balancing_enabled": True}
    return [{"id": draw(st.sampled_from(KEYS)), **usual, **change} for change in changes]


def planned(tables: dict[str, Sequence[Row]]) -> Plan:
    """Return the plan of a tenant without a private key."""
    tenant = Tenant("t", "T", {table: tables.get(table, []) for table in TABLES}, "there is none")
    return plan_of(tenant, CATALOG, {}, None, Hosted())


@given(st.fixed_dictionaries({table: rows() for table in TABLES}))
def test_bad_rows_are_lines(tables: dict[str, Sequence[Row]]) -> None:
    """A database that people have mended by hand is no reason to import nothing of it."""
    plan = planned(tables)
    places = {each.id: each.target.place for each in plan.credentials}

    assert len(places) == len(plan.credentials)
    for balance in plan.balances:
        of_provider = balance.target.place._replace(model="", model_type="")
        named = {each.credential for each in balance.entries} - {"active"}
        assert {places[each] for each in named} <= {balance.target.place, of_provider}


@given(st.lists(st.tuples(st.sampled_from(("__inherit__", *KEYS)), st.booleans()), max_size=12))
def test_a_list_keeps_its_turns(listed: list[tuple[str, bool]]) -> None:
    """Everybody once, with as many turns as the rows of theirs that are on."""
    row: dict[str, Any] = {"encrypted_config": CONFIG, **OF}
    plan = planned(
        {
            "provider_model_credentials": [{**row, "id": key, "credential_name": key} for key in KEYS],
            "provider_models": [{**OF, "id": "m", "credential_id": "a"}],
            "provider_model_settings": [{**OF, "id": "s", "load_balancing_enabled": True}],
            "load_balancing_model_configs": [
                {**OF, "id": str(n), "name": name, "enabled": on}
                | ({} if name == "__inherit__" else {"credential_id": name})
                for n, (name, on) in enumerate(listed)
            ],
        }
    )
    turns = {name: sum(on for each, on in listed if each == name) for name, _ in listed}
    wanted = {name.replace("__inherit__", "active"): count for name, count in turns.items()}

    if len(wanted) < 2:
        assert plan.balances == []
        return
    [balance] = plan.balances
    assert len(balance.entries) == len(wanted)
    assert {each.name: each.weight if each.enabled else 0 for each in balance.entries} == wanted
    assert "active" not in wanted or balance.entries[0].credential == "active"
