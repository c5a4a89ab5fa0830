"""The management API under `/api`: operations, and one dispatcher that serves them all.

Nothing here is imported before the first request to it. A subject is a module in `subjects` with a list
`OPERATIONS`; nothing else has to know of it.
"""
