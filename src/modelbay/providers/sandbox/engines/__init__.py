"""The sandbox's engines: small deterministic programs instead of neural models, plain values in and out."""
