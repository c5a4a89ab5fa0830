"""The plugin for MiniMax."""
