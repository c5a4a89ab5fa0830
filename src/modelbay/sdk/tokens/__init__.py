"""Counting tokens without a network: exact for OpenAI's model families, an estimate, marked so, for others.

Importing this package loads neither the tokenizer nor a vocabulary; the first count of a model does.
"""

from modelbay.sdk.tokens.encodings import Encoding, gpt2_tokens, load_encoding
from modelbay.sdk.tokens.estimate import estimate_tokens
from modelbay.sdk.tokens.families import encoding_for_model, encoding_name_for_model
from modelbay.sdk.tokens.image_size import image_size
from modelbay.sdk.tokens.images import count_image
from modelbay.sdk.tokens.messages import count_messages, count_messages_async
from modelbay.sdk.tokens.text import count_text, count_text_async, preload
from modelbay.sdk.tokens.token_count import TokenCount

__all__ = [
    "Encoding",
    "TokenCount",
    "count_image",
    "count_messages",
    "count_messages_async",
    "count_text",
    "count_text_async",
    "encoding_for_model",
    "encoding_name_for_model",
    "estimate_tokens",
    "gpt2_tokens",
    "image_size",
    "load_encoding",
    "preload",
]
