"""Workspaces and what they own, as functions: what the command line and the management API are made of.

They take the database, then what they are about; whoever acts is named for the audit log as `actor`. Mistakes
raise `InvokeBadRequestError`, and change nothing. Importing this package loads nothing else: every name comes
at its first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from modelbay.catalog import Catalog
    from modelbay.platform.apply.file import ApplyError, BayFile
    from modelbay.platform.apply.file import read as read_file
    from modelbay.platform.apply.plan import Change, Hands
    from modelbay.platform.apply.run import carry_out
    from modelbay.platform.apply.run import plan as plan_changes
    from modelbay.platform.background import BackgroundDatabase
    from modelbay.platform.balances import clear_balance, set_balance
    from modelbay.platform.calls import list_calls
    from modelbay.platform.corrections import correct as correct_call
    from modelbay.platform.credentials.defaults import DefaultModel, read_default, set_defaults
    from modelbay.platform.credentials.models import add_model, delete_model, enable_model
    from modelbay.platform.credentials.models import removed_models as list_removed_models
    from modelbay.platform.credentials.named import create as create_credentials
    from modelbay.platform.credentials.named import delete as delete_credentials
    from modelbay.platform.credentials.named import edit as edit_credentials
    from modelbay.platform.credentials.named import prove as prove_credentials
    from modelbay.platform.credentials.named import switch as switch_credentials
    from modelbay.platform.credentials.proving import Proving
    from modelbay.platform.credentials.snapshot import Snapshot, read_snapshot
    from modelbay.platform.credentials.statuses import ModelStatus, with_schemas
    from modelbay.platform.credentials.statuses import model_list as list_models
    from modelbay.platform.credentials.stored import NamedCredentials, get_credentials
    from modelbay.platform.credentials.stored import of_workspace as list_credentials
    from modelbay.platform.credentials.target import Target
    from modelbay.platform.embedded import Embedded
    from modelbay.platform.environment import LocalCredentials
    from modelbay.platform.environment import from_environment as environment_credentials
    from modelbay.platform.explain import explain as explain_call
    from modelbay.platform.export import export as export_calls
    from modelbay.platform.fold import fold as fold_calls
    from modelbay.platform.from_dify.importing import import_dify
    from modelbay.platform.key_scopes import Scopes
    from modelbay.platform.keys import (
        NewKey,
        create_key,
        edit_key,
        get_key,
        list_keys,
        narrower_key,
        revoke_key,
    )
    from modelbay.platform.limits.budgets import (
        Budget,
        change_budget,
        create_budget,
        delete_budget,
        get_budget,
        list_budgets,
        set_budget,
    )
    from modelbay.platform.limits.hosted import Hosted
    from modelbay.platform.limits.lending import read_hosted
    from modelbay.platform.limits.quotas import Quota, list_quotas
    from modelbay.platform.limits.quotas import grant as grant_quota
    from modelbay.platform.limits.quotas import prefer as prefer_credentials
    from modelbay.platform.limits.rates import delete_rate, list_rates, set_rate
    from modelbay.platform.limits.scopes import Limits, Scope
    from modelbay.platform.moving.exporting import Exported, export_workspace
    from modelbay.platform.moving.importing import import_workspace
    from modelbay.platform.moving.moved import Imported, Moved
    from modelbay.platform.network.settings import change as change_network
    from modelbay.platform.network.settings import clear as clear_network
    from modelbay.platform.network.settings import listed as list_networks
    from modelbay.platform.network.settings import read as read_network
    from modelbay.platform.network.stored import NetworkSettings
    from modelbay.platform.people.csrf import csrf_token
    from modelbay.platform.people.invitations import NewInvitation, list_invitations, revoke_invitation
    from modelbay.platform.people.invitations import invite as invite_member
    from modelbay.platform.people.members import (
        Membership,
        change_role,
        find_member,
        list_members,
        list_memberships,
        remove_member,
    )
    from modelbay.platform.people.oidc.provider import OidcProvider
    from modelbay.platform.people.oidc.settings import OidcSettings
    from modelbay.platform.people.oidc.signing_in import Departure, OidcSignIn, Returned
    from modelbay.platform.people.passwords import Passwords
    from modelbay.platform.people.permissions import Role, may
    from modelbay.platform.people.refusals import ForbiddenError, SignInRefusedError, TooManyAttemptsError
    from modelbay.platform.people.sessions import (
        Current,
        NewSession,
        end_session,
        end_sessions,
        list_sessions,
        sign_out,
    )
    from modelbay.platform.people.sessions import current as read_session
    from modelbay.platform.people.setup import setup_link as create_setup_link
    from modelbay.platform.people.signing_in import Browser, SignIn
    from modelbay.platform.people.workspaces import (
        create_workspace,
        delete_workspace,
        get_workspace,
        list_workspaces,
        rename_workspace,
    )
    from modelbay.platform.prices.book import Place
    from modelbay.platform.prices.declared import declared_prices
    from modelbay.platform.prices.entries import delete_price, set_price
    from modelbay.platform.prices.entries import history as list_price_entries
    from modelbay.platform.prices.entries import own_prices as list_prices
    from modelbay.platform.prices.reprice import Repricing, reprice
    from modelbay.platform.retention import retain as set_retention
    from modelbay.platform.retention import retained as get_retention
    from modelbay.platform.retention import sweep as sweep_calls
    from modelbay.platform.routes import create_route, delete_route, edit_route, get_route, list_routes
    from modelbay.platform.usage import Usage
    from modelbay.platform.usage import usage as read_usage
    from modelbay.platform.vault import MasterKey, MasterKeyError, MasterKeys, Vault, VaultError
    from modelbay.platform.vault.check import Holdings, SelfTest
    from modelbay.platform.vault.keeping import check_secrets, check_vault, rotate_keys, rotate_master_key
    from modelbay.platform.vault.rotation import MasterRotated, Resealed
    from modelbay.runtime.balancing import Strategy
    from modelbay.runtime.routing import RouteStrategy, Step
    from modelbay.store import Database, open_directory
    from modelbay.store.audit import AuditRow
    from modelbay.store.audit import listed as list_audit
    from modelbay.store.balances import BalanceEntryRow, BalanceRow
    from modelbay.store.balances import of_workspace as list_balances
    from modelbay.store.models import ModelPlace
    from modelbay.store.selection import Selection

SUBJECTS: Final = {
    "Opening": {
        "Database": "store",
        "open_directory": "store",
        "BackgroundDatabase": "platform.background",
        "MasterKeys": "platform.vault",
        "Vault": "platform.vault",
        "Catalog": "catalog",
        "Embedded": "platform.embedded",
    },
    "Workspaces and people": {
        "create_workspace": "platform.people.workspaces",
        "get_workspace": "platform.people.workspaces",
        "list_workspaces": "platform.people.workspaces",
        "rename_workspace": "platform.people.workspaces",
        "delete_workspace": "platform.people.workspaces",
        "create_setup_link": "platform.people.setup:setup_link",
        "Role": "platform.people.permissions",
        "list_members": "platform.people.members",
        "find_member": "platform.people.members",
        "change_role": "platform.people.members",
        "remove_member": "platform.people.members",
        "invite_member": "platform.people.invitations:invite",
        "NewInvitation": "platform.people.invitations",
        "list_invitations": "platform.people.invitations",
        "revoke_invitation": "platform.people.invitations",
        "list_memberships": "platform.people.members",
        "Membership": "platform.people.members",
        "may": "platform.people.permissions",
    },
    "Signing in": {
        "SignIn": "platform.people.signing_in",
        "Browser": "platform.people.signing_in",
        "Passwords": "platform.people.passwords",
        "NewSession": "platform.people.sessions",
        "read_session": "platform.people.sessions:current",
        "Current": "platform.people.sessions",
        "csrf_token": "platform.people.csrf",
        "list_sessions": "platform.people.sessions",
        "end_session": "platform.people.sessions",
        "end_sessions": "platform.people.sessions",
        "sign_out": "platform.people.sessions",
        "OidcSettings": "platform.people.oidc.settings",
        "OidcProvider": "platform.people.oidc.provider",
        "OidcSignIn": "platform.people.oidc.signing_in",
        "Departure": "platform.people.oidc.signing_in",
        "Returned": "platform.people.oidc.signing_in",
        "SignInRefusedError": "platform.people.refusals",
        "TooManyAttemptsError": "platform.people.refusals",
        "ForbiddenError": "platform.people.refusals",
    },
    "Keys": {
        "create_key": "platform.keys",
        "narrower_key": "platform.keys",
        "NewKey": "platform.keys",
        "Scopes": "platform.key_scopes",
        "edit_key": "platform.keys",
        "get_key": "platform.keys",
        "list_keys": "platform.keys",
        "revoke_key": "platform.keys",
    },
    "Credentials": {
        "Target": "platform.credentials.target",
        "Proving": "platform.credentials.proving",
        "NamedCredentials": "platform.credentials.stored",
        "create_credentials": "platform.credentials.named:create",
        "edit_credentials": "platform.credentials.named:edit",
        "prove_credentials": "platform.credentials.named:prove",
        "switch_credentials": "platform.credentials.named:switch",
        "delete_credentials": "platform.credentials.named:delete",
        "get_credentials": "platform.credentials.stored",
        "list_credentials": "platform.credentials.stored:of_workspace",
        "LocalCredentials": "platform.environment",
        "environment_credentials": "platform.environment:from_environment",
    },
    "Models": {
        "add_model": "platform.credentials.models",
        "delete_model": "platform.credentials.models",
        "enable_model": "platform.credentials.models",
        "read_snapshot": "platform.credentials.snapshot",
        "Snapshot": "platform.credentials.snapshot",
        "list_models": "platform.credentials.statuses:model_list",
        "ModelStatus": "platform.credentials.statuses",
        "set_defaults": "platform.credentials.defaults",
        "with_schemas": "platform.credentials.statuses",
        "list_removed_models": "platform.credentials.models:removed_models",
        "ModelPlace": "store.models",
        "read_default": "platform.credentials.defaults",
        "DefaultModel": "platform.credentials.defaults",
    },
    "Routes and balances": {
        "create_route": "platform.routes",
        "get_route": "platform.routes",
        "list_routes": "platform.routes",
        "edit_route": "platform.routes",
        "delete_route": "platform.routes",
        "Step": "runtime.routing",
        "RouteStrategy": "runtime.routing",
        "set_balance": "platform.balances",
        "clear_balance": "platform.balances",
        "BalanceEntryRow": "store.balances",
        "Strategy": "runtime.balancing",
        "list_balances": "store.balances:of_workspace",
        "BalanceRow": "store.balances",
    },
    "Network": {
        "read_network": "platform.network.settings:read",
        "list_networks": "platform.network.settings:listed",
        "change_network": "platform.network.settings:change",
        "clear_network": "platform.network.settings:clear",
        "NetworkSettings": "platform.network.stored",
    },
    "Budgets, quotas and rates": {
        "create_budget": "platform.limits.budgets",
        "set_budget": "platform.limits.budgets",
        "change_budget": "platform.limits.budgets",
        "get_budget": "platform.limits.budgets",
        "list_budgets": "platform.limits.budgets",
        "delete_budget": "platform.limits.budgets",
        "Budget": "platform.limits.budgets",
        "set_rate": "platform.limits.rates",
        "list_rates": "platform.limits.rates",
        "delete_rate": "platform.limits.rates",
        "Scope": "platform.limits.scopes",
        "Limits": "platform.limits.scopes",
        "read_hosted": "platform.limits.lending",
        "Hosted": "platform.limits.hosted",
        "list_quotas": "platform.limits.quotas",
        "Quota": "platform.limits.quotas",
        "grant_quota": "platform.limits.quotas:grant",
        "prefer_credentials": "platform.limits.quotas:prefer",
    },
    "Prices": {
        "Place": "platform.prices.book",
        "set_price": "platform.prices.entries",
        "delete_price": "platform.prices.entries",
        "list_prices": "platform.prices.entries:own_prices",
        "list_price_entries": "platform.prices.entries:history",
        "declared_prices": "platform.prices.declared",
        "reprice": "platform.prices.reprice",
        "Repricing": "platform.prices.reprice",
    },
    "Usage and calls": {
        "read_usage": "platform.usage:usage",
        "Usage": "platform.usage",
        "Selection": "store.selection",
        "fold_calls": "platform.fold:fold",
        "list_calls": "platform.calls",
        "explain_call": "platform.explain:explain",
        "export_calls": "platform.export:export",
        "correct_call": "platform.corrections:correct",
        "set_retention": "platform.retention:retain",
        "get_retention": "platform.retention:retained",
        "sweep_calls": "platform.retention:sweep",
    },
    "Audit log": {
        "list_audit": "store.audit:listed",
        "AuditRow": "store.audit",
    },
    "The vault": {
        "check_vault": "platform.vault.keeping",
        "SelfTest": "platform.vault.check",
        "check_secrets": "platform.vault.keeping",
        "Holdings": "platform.vault.check",
        "rotate_keys": "platform.vault.keeping",
        "Resealed": "platform.vault.rotation",
        "rotate_master_key": "platform.vault.keeping",
        "MasterKey": "platform.vault",
        "MasterRotated": "platform.vault.rotation",
        "MasterKeyError": "platform.vault",
        "VaultError": "platform.vault",
    },
    "Moving a workspace": {
        "export_workspace": "platform.moving.exporting",
        "Exported": "platform.moving.exporting",
        "import_workspace": "platform.moving.importing",
        "Imported": "platform.moving.moved",
        "Moved": "platform.moving.moved",
    },
    "Set-up from a file, and from Dify": {
        "read_file": "platform.apply.file:read",
        "BayFile": "platform.apply.file",
        "ApplyError": "platform.apply.file",
        "plan_changes": "platform.apply.run:plan",
        "Change": "platform.apply.plan",
        "Hands": "platform.apply.plan",
        "carry_out": "platform.apply.run",
        "import_dify": "platform.from_dify.importing",
    },
}
"""Where the names are, by what they are about: a module, and what a name is called there if that differs."""

__all__ = [  # noqa: RUF022 - by subject, as in SUBJECTS
    "Database",
    "open_directory",
    "BackgroundDatabase",
    "MasterKeys",
    "Vault",
    "Catalog",
    "Embedded",
    "create_workspace",
    "get_workspace",
    "list_workspaces",
    "rename_workspace",
    "delete_workspace",
    "create_setup_link",
    "Role",
    "list_members",
    "find_member",
    "change_role",
    "remove_member",
    "invite_member",
    "NewInvitation",
    "list_invitations",
    "revoke_invitation",
    "list_memberships",
    "Membership",
    "may",
    "SignIn",
    "Browser",
    "Passwords",
    "NewSession",
    "read_session",
    "Current",
    "csrf_token",
    "list_sessions",
    "end_session",
    "end_sessions",
    "sign_out",
    "OidcSettings",
    "OidcProvider",
    "OidcSignIn",
    "Departure",
    "Returned",
    "SignInRefusedError",
    "TooManyAttemptsError",
    "ForbiddenError",
    "create_key",
    "narrower_key",
    "NewKey",
    "Scopes",
    "edit_key",
    "get_key",
    "list_keys",
    "revoke_key",
    "Target",
    "Proving",
    "NamedCredentials",
    "create_credentials",
    "edit_credentials",
    "prove_credentials",
    "switch_credentials",
    "delete_credentials",
    "get_credentials",
    "list_credentials",
    "LocalCredentials",
    "environment_credentials",
    "add_model",
    "delete_model",
    "enable_model",
    "read_snapshot",
    "Snapshot",
    "list_models",
    "ModelStatus",
    "set_defaults",
    "with_schemas",
    "list_removed_models",
    "ModelPlace",
    "read_default",
    "DefaultModel",
    "create_route",
    "get_route",
    "list_routes",
    "edit_route",
    "delete_route",
    "Step",
    "RouteStrategy",
    "set_balance",
    "clear_balance",
    "BalanceEntryRow",
    "Strategy",
    "list_balances",
    "BalanceRow",
    "read_network",
    "list_networks",
    "change_network",
    "clear_network",
    "NetworkSettings",
    "create_budget",
    "set_budget",
    "change_budget",
    "get_budget",
    "list_budgets",
    "delete_budget",
    "Budget",
    "set_rate",
    "list_rates",
    "delete_rate",
    "Scope",
    "Limits",
    "read_hosted",
    "Hosted",
    "list_quotas",
    "Quota",
    "grant_quota",
    "prefer_credentials",
    "Place",
    "set_price",
    "delete_price",
    "list_prices",
    "list_price_entries",
    "declared_prices",
    "reprice",
    "Repricing",
    "read_usage",
    "Usage",
    "Selection",
    "fold_calls",
    "list_calls",
    "explain_call",
    "export_calls",
    "correct_call",
    "set_retention",
    "get_retention",
    "sweep_calls",
    "list_audit",
    "AuditRow",
    "check_vault",
    "SelfTest",
    "check_secrets",
    "Holdings",
    "rotate_keys",
    "Resealed",
    "rotate_master_key",
    "MasterKey",
    "MasterRotated",
    "MasterKeyError",
    "VaultError",
    "export_workspace",
    "Exported",
    "import_workspace",
    "Imported",
    "Moved",
    "read_file",
    "BayFile",
    "ApplyError",
    "plan_changes",
    "Change",
    "Hands",
    "carry_out",
    "import_dify",
]

_HOME: Final = {name: home for names in SUBJECTS.values() for name, home in names.items()}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'modelbay.platform' has no attribute {name!r}")
    module, _, inside = _HOME[name].partition(":")
    value = getattr(importlib.import_module(f"modelbay.{module}"), inside or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
