"""Signing in with a provider of OpenID Connect: authorization code with PKCE."""
