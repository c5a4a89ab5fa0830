"""A small HTTP/1.1 client on bare sockets (why: docs/decisions/0002-http-client.md)."""
