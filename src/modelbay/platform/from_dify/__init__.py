"""Moving from Dify: what its tables and private keys hold, made again in workspaces here."""
