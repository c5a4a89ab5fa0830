"""Declarative set-up: a file says what workspaces have, a plan what is missing, and applying does it."""
