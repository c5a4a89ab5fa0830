"""Workspaces and what they own: keys, credentials, the ledger."""
