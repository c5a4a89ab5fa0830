"""The built-in plugins: each folder stands alone, in the same format as anybody's."""
