"""Limits of a workspace: how much it, its members, keys and models may have."""
