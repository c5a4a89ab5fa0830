"""Making here what a plan says: a tenant whole or not at all, and nothing twice."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from modelbay.catalog import Catalog
from modelbay.platform.credentials.named import seal
from modelbay.platform.credentials.resolve import HOSTED
from modelbay.platform.credentials.sharing import ENOUGH
from modelbay.platform.credentials.target import without_plugin
from modelbay.platform.from_dify.balancing import in_words
from modelbay.platform.from_dify.credentials import fitting_name
from modelbay.platform.from_dify.lines import Line, What
from modelbay.platform.from_dify.plan import plan_of
from modelbay.platform.from_dify.planned import Balance, Credentials, Plan
from modelbay.platform.from_dify.reading import read
from modelbay.platform.limits.hosted import Hosted
from modelbay.platform.people.refusals import conflict
from modelbay.platform.people.workspaces import get_workspace
from modelbay.platform.vault import Vault
from modelbay.store import Database, audit, balances, limits, marks, workspaces
from modelbay.store import credentials as queries
from modelbay.store import models as model_queries
from modelbay.store.balances import ACTIVE, BalanceEntryRow, BalanceRow
from modelbay.store.credentials import CredentialRow, Place
from modelbay.store.workspaces import WorkspaceRow


def import_dify(
    database: Database,
    vault: Vault,
    catalog: Catalog,
    place: str,
    private_keys: Path,
    *,
    tenants: Sequence[str] = (),
    workspace: str | None = None,
    providers: Mapping[str, str] | None = None,
    hosted: Hosted | None = None,
    dry_run: bool = False,
    actor: str,
) -> list[Line]:
    """Make here what Dify's tenants have: workspaces, credentials, models, balances, what is off, defaults.

    What is there already stays as it is, so it can be done again. What cannot be made is a line, never an
    error: the rest is made. Credentials are not proved.

    Args:
        place: The URL of Dify's PostgreSQL, or the path of an SQLite file.
        private_keys: Dify's storage, or its folder `privkeys`.
        tenants: Their ids; without, all that are not archived.
        workspace: Where to, for one tenant; without, each has a workspace of its own name.
        providers: Names of ours by names of theirs, for plugins that are alike.
        hosted: What this installation lends; nothing without it.
        dry_run: Say what would happen, and change nothing.

    Raises:
        StoreError: Dify's database cannot be read.
        InvokeBadRequestError: There is no such folder, tenant or workspace, or no one tenant for it.
    """
    if workspace is not None:
        get_workspace(database, workspace)
    found = read(place, private_keys, tenants)
    if workspace is not None and len(found) != 1:
        raise conflict(
            "workspace", f"{len(found)} tenants do not go into one workspace: name one with --tenant"
        )
    lines: list[Line] = []
    for tenant in found:
        plan = plan_of(tenant, catalog, providers or {}, workspace, hosted or Hosted())
        lines += _make(database, vault, plan, dry_run=dry_run, actor=actor)
    return lines


def _make(database: Database, vault: Vault, plan: Plan, *, dry_run: bool, actor: str) -> list[Line]:
    there = {row.id for row in queries.of_workspace(database, plan.workspace)}
    if not dry_run and any(each.id not in there for each in plan.credentials):
        vault.prepare(database, plan.workspace)  # 0.2 s, before others have to wait
    with _transaction(database, undo=dry_run):
        making = _Making(database, plan)
        making.run(None if dry_run else vault)
        made = [line for line in plan.lines if line.state == "made"]
        if made:
            marks.raise_marks(database, marks.CREDENTIALS, plan.workspace)
            counts = {"from": "dify", "tenant": plan.tenant, "made": len(made)}
            audit.record(database, plan.workspace, actor, "vault.import", plan.workspace, counts)
    return sorted(plan.lines, key=lambda line: line.what != "workspace")  # what is about it comes behind it


class _UndoError(Exception):
    """Takes back what a dry run did."""


@contextlib.contextmanager
def _transaction(database: Database, *, undo: bool) -> Iterator[None]:
    with contextlib.suppress(_UndoError), database.transaction():
        yield
        if undo:
            raise _UndoError


class _Making:
    """Makes a plan, inside a transaction."""

    def __init__(self, database: Database, plan: Plan) -> None:
        self.database = database
        self.plan = plan
        self.now = time.time()
        self.new: set[str | None] = set()

    def run(self, vault: Vault | None) -> None:
        """Make all; without a vault, as in a dry run, no secret is sealed."""
        if self.plan.name:
            self._workspace()
        there = self._stored()
        for each in self.plan.credentials:
            row = there.get(each.id)
            if row is not None and row.place != each.target.place:
                why = f"they are here already, as credentials of {without_plugin(row)}"
                self.plan.say("credentials", f"{each.target}: {row.name}", "cannot", why)
                continue
            name = row.name if row is not None else self._credentials(vault, each)
            self.new |= {each.id} - set(there)
            self._say("credentials", f"{each.target}: {name}", row is None, each.left_out)
        self._models()
        self._active()
        self._balances()
        self._off()
        self._defaults()
        self._hosted()

    def _workspace(self) -> None:
        missing = workspaces.get(self.database, self.plan.workspace) is None
        if missing:
            row = WorkspaceRow(id=self.plan.workspace, name=self.plan.name, created=self.now, version=1)
            workspaces.insert(self.database, row)
        self._say("workspace", self.plan.name, missing)

    def _credentials(self, vault: Vault | None, each: Credentials) -> str:
        """Make credentials and return their name."""
        others = {row.name for row in queries.of_place(self.database, each.target.place)}
        name = fitting_name(each.name, others)
        secret = each.target.secret_fields
        row = CredentialRow(
            **each.target.place._asdict(),
            id=each.id,
            name=name,
            plain={field: value for field, value in each.values.items() if field not in secret},
            created=each.created,
            updated=self.now,
        )
        queries.insert(self.database, row)
        if vault is not None:
            seal(self.database, vault, each.target, each.id, each.values)
        return name

    def _models(self) -> None:
        for target in self.plan.models:
            made = model_queries.add_custom(self.database, target.model_place, self.now)
            self._say("model", _typed(target.place), made)

    def _active(self) -> None:
        there, stored = queries.active(self.database, self.plan.workspace), self._stored()
        for place, credential in self.plan.active.items():
            row = stored.get(credential or "")
            if row is not None and row.place != place:
                continue  # said of the credentials
            missing = place not in there or (there[place] is None and credential in self.new)
            if missing:
                queries.activate(self.database, place, credential)
            why = "" if credential else "none is in use: choose with modelbay credential switch"
            self._say("active", f"{_typed(place)}: {row.name if row else '-'}", missing, why)

    def _balances(self) -> None:
        there = {row.place: row for row in balances.of_workspace(self.database, self.plan.workspace)}
        stored = self._stored()
        for each in self.plan.balances:
            place, entries = each.target.place, _sharing(each, stored)
            if len(entries) < ENOUGH:
                continue  # said of the credentials
            before = there.get(place)
            if before is None:
                strategy = each.strategy.value
                row = BalanceRow(place=place, strategy=strategy, entries=entries, updated=self.now)
                balances.put(self.database, row)
            known = {entry.credential for entry in (before.entries if before else entries)}
            out = ", ".join(entry.name for entry in entries if entry.credential not in known)
            why = f"it stays as it is, without {out}" if out else ""
            self._say("balancing", f"{_typed(place)}: {in_words(entries)}", before is None, why)

    def _off(self) -> None:
        there = model_queries.settings(self.database, self.plan.workspace)
        for target in self.plan.off:
            missing = target.model_place not in there
            if missing:
                model_queries.set_enabled(self.database, target.model_place, False)
            self._say("off", _typed(target.place), missing)

    def _defaults(self) -> None:
        there = model_queries.defaults(self.database, self.plan.workspace)
        for kind, target in self.plan.defaults.items():
            stored = there.get(kind.value)
            if stored is None:
                model_queries.put_default(self.database, target.model_place, self.now)
            other = stored is not None and stored[:2] != target.place[1:3]
            why = f"{stored.provider}/{stored.model} is the default" if stored and other else ""
            self._say("default", _typed(target.place), stored is None, why)

    def _hosted(self) -> None:
        there = limits.terms_of(self.database, self.plan.workspace).preferred
        for target in self.plan.hosted.values():
            provider = target.provider.provider
            before = there.get(provider)
            if before is None:
                limits.prefer(self.database, self.plan.workspace, provider, HOSTED)
            why = f"what is {'lent' if before in (None, HOSTED) else 'its own'} is used first"
            self._say("hosted", provider, before is None, why)

    def _stored(self) -> dict[str, CredentialRow]:
        return {row.id: row for row in queries.of_workspace(self.database, self.plan.workspace)}

    def _say(self, what: What, name: str, made: bool, why: str = "") -> None:
        self.plan.say(what, name, "made" if made else "there", why)


def _sharing(balance: Balance, stored: Mapping[str, CredentialRow]) -> tuple[BalanceEntryRow, ...]:
    """Return who shares calls, by the names that they have here; never another provider's credentials."""
    place = balance.target.place
    homes = (place, Place(place.workspace, place.provider))
    names = {row.id: row.name for row in stored.values() if row.place in homes} | {ACTIVE: ACTIVE}
    return tuple(
        each._replace(name=names[each.credential]) for each in balance.entries if each.credential in names
    )


def _typed(place: Iterable[str]) -> str:
    """Return a provider, or a model with its type."""
    _, provider, model, kind = place
    return f"{provider}/{model} ({kind})" if model else provider
