"""Hugging Face's own serverless inference of small models, by task; here: vectors.

Wire format: what the `huggingface_hub` SDK 2.4.0 sends and reads (read 2026-11-21).

Options (a model's `wire` section):

| option | of | meaning | default |
|---|---|---|---|
| `normalize` | text-embedding | whether the vectors are made one long | the model's own |
| `truncate` | text-embedding | true to let the server cut a text that is too long | the server's |
| `query_prompt`, `document_prompt` | text-embedding | names of prompts in the model's configuration | none |
"""

from __future__ import annotations

from modelbay.wires.family import Family
from modelbay.wires.hf_inference.embeddings import FeatureExtraction
from modelbay.wires.hf_inference.models import RouterModels

FAMILY = Family("hf_inference", embedding=FeatureExtraction(), models=RouterModels())
