"""Dify's load balancing, as balances here.

Dify has a list for each model, whose rows take turns while at least two can be used: `__inherit__` for the
active credentials, named ones by their id, and, of old releases, credentials that only the row has.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from modelbay.platform.balances import HEAVIEST, MOST
from modelbay.platform.credentials.sharing import ENOUGH
from modelbay.platform.credentials.target import Target
from modelbay.platform.from_dify.credentials import NotFittingError
from modelbay.platform.from_dify.fitting import NO_SUCH_MODEL, Fitting, is_on, whose
from modelbay.platform.from_dify.lines import State
from modelbay.platform.from_dify.planned import Balance, Credentials, Plan
from modelbay.platform.from_dify.reading import Tenant
from modelbay.store.balances import ACTIVE, BalanceEntryRow
from modelbay.store.credentials import Place
from modelbay.store.dify import Row

_INHERIT: Final = "__inherit__"
_NAMED: Final = ("provider_credentials", "provider_model_credentials")


def plan_balances(tenant: Tenant, fitting: Fitting, plan: Plan) -> None:
    """Plan the balances of a tenant, after its credentials and models."""
    _Balancing(tenant, fitting, plan).run()


def in_words(entries: Iterable[BalanceEntryRow]) -> str:
    """Return who shares calls, by name."""
    return "; ".join(_with_options(each.name, each) for each in entries)


class _Balancing:
    def __init__(self, tenant: Tenant, fitting: Fitting, plan: Plan) -> None:
        self.tenant = tenant
        self.fitting = fitting
        self.plan = plan
        self.named = {self.fitting.id_of(row["id"]) for table in _NAMED for row in tenant.rows[table]}

    def run(self) -> None:
        """Plan every list that somebody has set up."""
        settings = self.tenant.rows["provider_model_settings"]
        on = {self._where(row) for row in settings if row.get("load_balancing_enabled") in (True, 1)}
        lists: dict[Place | str, list[Row]] = {}
        for row in self.tenant.rows["load_balancing_model_configs"]:
            lists.setdefault(self._where(row), []).append(row)
        for where, rows in lists.items():
            if where in on or any(row.get("name") != _INHERIT for row in rows):  # which looking at it makes
                self._list(rows, is_balanced=where in on)

    def _where(self, row: Row) -> Place | str:
        """Return whose a row is: short and full names of a provider are one, and so are those of types."""
        try:
            return self.fitting.target(row).place
        except NotFittingError:
            return whose(row)

    def _list(self, rows: Sequence[Row], *, is_balanced: bool) -> None:
        try:
            target = self.fitting.target(rows[0])
        except NotFittingError as why:
            self.plan.say("balancing", whose(rows[0]), "cannot", str(why))
            return
        in_order = sorted(rows, key=lambda row: row.get("name") != _INHERIT)
        found = [entry for row in in_order if (entry := self._entry(target, row)) is not None]
        balance = Balance(target, _merged(found))
        refused = self._refusal(balance, len(rows), is_balanced=is_balanced)
        if refused is None:
            self.plan.balances.append(balance)
        else:
            self.plan.say("balancing", whose(rows[0]), *refused)

    def _entry(self, target: Target, row: Row) -> BalanceEntryRow | None:
        """Return a row's part in a balance; None, and say it, if it can have none."""
        name, enabled = str(row.get("name") or ""), is_on(row.get("enabled"))
        if name == _INHERIT:
            return BalanceEntryRow(ACTIVE, ACTIVE, 1, enabled)
        try:
            made = self._pointed_at(target, row) if row.get("credential_id") else self._own(target, row)
        except NotFittingError as why:
            self.plan.say("balancing", f"{whose(row)}: {name}", "cannot", str(why))
            return None
        return BalanceEntryRow(made.id, made.name, 1, enabled)

    def _pointed_at(self, target: Target, row: Row) -> Credentials:
        """Return the named credentials that a row points at; the copy of them that it has is passed over."""
        own = self.fitting.id_of(row["credential_id"])
        made = self.fitting.made.get(own)
        if made is None:
            raise NotFittingError(
                "its credentials cannot be made"
                if own in self.named
                else "its credentials are no more in Dify"
            )
        if made.target.place not in (target.place, _provider_of(target).place):
            raise NotFittingError(f"its credentials are those of {made.target}")
        return made

    def _own(self, target: Target, row: Row) -> Credentials:
        """Make credentials of what only the row has: the model's own, or the provider's if those fit better.

        Dify's dialog has the provider's form for a model that the plugin declares.
        """
        if not row.get("encrypted_config"):
            raise NotFittingError("it has no credentials in Dify either")
        homes = (target, _provider_of(target)) if target.is_declared else (target,)
        found, why = list[Credentials](), NotFittingError()
        for home in homes:
            try:
                found.append(self.fitting.credentials(row, home, row.get("name")))
            except NotFittingError as error:
                why = error
        if not found:
            raise why
        made = min(found, key=lambda each: len(each.left_out))
        self.fitting.keep(made)
        return made

    def _refusal(self, balance: Balance, rows: int, *, is_balanced: bool) -> tuple[State, str] | None:
        """Return why a list becomes no balance; None if it does."""
        count, exists = len(balance.entries), self.fitting.exists(balance.target)
        if not is_balanced:
            how = f"; to have it here: {_command(balance)}" if exists and ENOUGH <= count <= MOST else ""
            return "note", f"it is off in Dify{how}"
        if not exists:
            return "cannot", NO_SUCH_MODEL
        if count < ENOUGH:
            return "note", f"{count} of {rows} can be used here, and balancing takes {ENOUGH}"
        if count > MOST:
            return "cannot", f"{count} share the calls in Dify, and here at most {MOST} can"
        return None


def _provider_of(target: Target) -> Target:
    return Target(target.workspace, target.provider)


def _merged(entries: Iterable[BalanceEntryRow]) -> tuple[BalanceEntryRow, ...]:
    """Return credentials once each: who is there twice has two turns, which is how Dify has weights."""
    rows: dict[str, list[BalanceEntryRow]] = {}
    for each in entries:
        rows.setdefault(each.credential, []).append(each)
    return tuple(_one(same) for same in rows.values())


def _one(same: Sequence[BalanceEntryRow]) -> BalanceEntryRow:
    enabled = sum(each.enabled for each in same)
    return same[0]._replace(weight=min(max(enabled, 1), HEAVIEST), enabled=enabled > 0)


def _command(balance: Balance) -> str:
    """Return the command that sets a balance."""
    workspace, provider, model, kind = balance.target.place
    whose = ["--model", model, "--type", kind, "--workspace", workspace]
    entries = [word for each in balance.entries for word in ("--entry", _with_options(each.credential, each))]
    words = ["modelbay", "balance", "set", provider, *whose, "--strategy", balance.strategy.value, *entries]
    return shlex.join(words)


def _with_options(who: str, entry: BalanceEntryRow) -> str:
    weight = f",weight={entry.weight}" if entry.weight != 1 else ""
    return f"{who}{weight}{'' if entry.enabled else ',off'}"
