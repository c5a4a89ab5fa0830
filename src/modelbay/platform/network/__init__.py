"""Network settings: how the calls of a workspace reach a provider."""
