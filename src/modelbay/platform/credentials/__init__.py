"""Credentials of workspaces: forms, named credentials, added models, defaults, and what calls use."""
