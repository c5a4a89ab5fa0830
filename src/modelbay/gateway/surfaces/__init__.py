"""The surfaces: one thin module per API that clients speak."""
