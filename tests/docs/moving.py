"""The installation of Dify that the guide moves from."""

from __future__ import annotations

import os
from pathlib import Path

from tests.platform.from_dify.dify import OPENAI, Dify


def prepare_dify(place: Path) -> str:
    """Make Dify's storage in a directory, and its database beside it; return where that is."""
    (place / "storage").mkdir()
    dify = Dify(str(place / "dify.db"), place / "storage")
    tenant = dify.tenant("Search team")
    base = {"openai_api_base": os.environ["OPENAI_BASE_URL"], "api_protocol": "chat"}
    config = {"openai_api_key": dify.seal(tenant, os.environ["OPENAI_API_KEY"]), **base}
    own = dify.credentials(tenant, OPENAI, config, name="production")
    spare = dify.credentials(tenant, OPENAI, config, name="spare")
    dify.credentials(tenant, "langgenius/hunyuan/hunyuan", {"secret_id": dify.seal(tenant, "x")})
    dify.add("providers", tenant, provider_name=OPENAI, credential_id=own)
    dify.add("provider_models", tenant, provider_name=OPENAI, model_name="ft-search", model_type="llm")
    of = {"provider_name": OPENAI, "model_type": "llm"}
    dify.add("provider_model_settings", tenant, **of, model_name="gpt-4o", enabled=False)
    for model, is_on in (("gpt-4.1", True), ("o3", False)):
        dify.add("provider_model_settings", tenant, **of, model_name=model, load_balancing_enabled=is_on)
        for more in ({"name": "__inherit__"}, {"name": "spare", "credential_id": spare}):
            dify.add("load_balancing_model_configs", tenant, **of, model_name=model, **more)
    dify.add("tenant_default_models", tenant, **of, model_name="gpt-4.1-mini")
    return dify.place
