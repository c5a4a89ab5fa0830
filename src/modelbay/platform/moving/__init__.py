"""Moving a workspace: all that it has in a file under a passphrase, and back, into any workspace."""
