"""The HTTP server: sockets, HTTP/1.1 and its limits. It knows nothing of models."""
