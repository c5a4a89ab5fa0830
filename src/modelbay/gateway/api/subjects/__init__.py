"""What the management API is about: each module has a list `OPERATIONS`, and is found by being here."""
