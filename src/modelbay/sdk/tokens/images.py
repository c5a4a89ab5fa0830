"""What an image costs in tokens, by OpenAI's published rules, as data.

Two rules exist. Tiles: shrink to fit 2048 x 2048, then to 768 px on the shorter side, then pay a base and
a price per 512 px square. Patches: shrink until no more than a budget of 32 px squares cover it, then pay
for each. Tokens of a patch are in hundredths, because floats would round the published factors.

Source: https://developers.openai.com/api/docs/guides/images-vision (read 2026-11 through a public copy).
The factor 1.2 of the models without a published one, and the rounding up, are what people measured:
https://community.openai.com/t/1344040.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from modelbay.entities import ImageDetail, ImagePromptMessageContent
from modelbay.sdk.tokens.families import bare_model_name
from modelbay.sdk.tokens.image_size import image_size
from modelbay.sdk.tokens.token_count import ESTIMATE, TokenCount

UNKNOWN_SIZE = (1024, 1024)
"""Pixels assumed of an image that is only an address, or in no format whose header we read."""

Size = tuple[int, int]


@dataclass(frozen=True)
class Tiles:
    """A base and a price per tile; at low detail only the base."""

    base: int
    per_tile: int
    exact = True

    def tokens(self, size: Size, detail: ImageDetail) -> int:
        """Return the tokens of an image of that size."""
        if detail is ImageDetail.LOW:
            return self.base
        width, height = _shrink(size, 2048 / max(size))
        width, height = _shrink((width, height), 768 / min(width, height))
        return self.base + self.per_tile * math.ceil(width / 512) * math.ceil(height / 512)


@dataclass(frozen=True)
class Patches:
    """A price per patch, at most `budget` patches (`auto_budget` at automatic detail; None: no limit).

    Never exact: bills that people published differ from the documented factors.
    """

    hundredths: int
    budget: int = 1536
    auto_budget: int | None = 1536
    exact = False

    def tokens(self, size: Size, detail: ImageDetail) -> int:
        """Return the tokens of an image of that size."""
        if detail is ImageDetail.LOW:
            size = _shrink(size, 512 / max(size))
        budget = self.auto_budget if detail is ImageDetail.AUTO else self.budget
        return math.ceil(_patches(size, budget) * self.hundredths / 100)


# The first expression that matches from the start of the bare name decides.
_RULES: list[tuple[re.Pattern[str], Tiles | Patches]] = [
    (re.compile(expression), rule)
    for expression, rule in (
        (r"gpt-4o-mini", Tiles(2833, 5667)),
        (r"gpt-4\.1-mini|gpt-5(\.\d+)?-mini", Patches(162)),
        (r"gpt-4\.1-nano|gpt-5(\.\d+)?-nano", Patches(246)),
        (r"o4-mini", Patches(172)),
        (r"gpt-4o|chatgpt-4o|gpt-4(\.1|\.5|-turbo|-vision|-\d{4}-vision)", Tiles(85, 170)),
        (r"o[1-9](-|$)", Tiles(75, 150)),
        (r"computer-use-", Tiles(65, 129)),
        (r"gpt-5\.[23]|gpt-5(\.\d+)?-codex|codex-", Patches(120)),
        (r"gpt-5\.4", Patches(120, budget=2500, auto_budget=2500)),
        (r"gpt-5\.5", Patches(120, budget=2500, auto_budget=10_000)),
        (r"gpt-5(\.1)?(-|$)", Tiles(70, 140)),
        (r"gpt-[5-9]|chat-latest", Patches(120, budget=2500, auto_budget=None)),
    )
]


def count_image(image: ImagePromptMessageContent, model: str) -> TokenCount:
    """Count the tokens of an image.

    Exact where the model pays by tiles and the size is known or, at low detail, does not matter. At
    automatic detail a model that pays by tiles is taken to look closely. The size comes from the header of
    the image's bytes; an address is not fetched, and counts as `UNKNOWN_SIZE`.
    """
    known = image_size(image.base64_data or image.url)
    size = known or UNKNOWN_SIZE
    bare = bare_model_name(model)
    rule = next((rule for expression, rule in _RULES if expression.match(bare)), None)
    if rule is None:
        return TokenCount(_by_area(size), False, ESTIMATE)
    sure = image.detail is ImageDetail.LOW or (known is not None and image.detail is ImageDetail.HIGH)
    return TokenCount(rule.tokens(size, image.detail), rule.exact and sure, ESTIMATE)


def _by_area(size: Size) -> int:
    """Anthropic's published rule, the middle of what other vendors charge: one token per 750 pixels.

    An image is shrunk to 1568 px and costs at most 1600 tokens.
    Source: https://docs.anthropic.com/en/docs/build-with-claude/vision.
    """
    width, height = _shrink(size, 1568 / max(size))
    return min(1600, math.ceil(width * height / 750))


def _shrink(size: Size, factor: float) -> Size:
    """Scale down to whole pixels; a factor above 1 changes nothing, because no rule enlarges."""
    if factor >= 1:
        return size
    width, height = (max(1, round(side * factor)) for side in size)
    return width, height


def _patches(size: Size, budget: int | None) -> int:
    """Count the 32 px squares that cover an image, after shrinking it to fit the budget.

    The published order: shrink the area to the budget, then a little more, so that the side that is cut less
    ends on a whole square.
    """
    width, height = (side / 32 for side in size)
    if budget is not None and math.ceil(width) * math.ceil(height) > budget:
        factor = math.sqrt(budget / (width * height))
        width, height = width * factor, height * factor
        factor = min(_whole(width) / width, _whole(height) / height)
        width, height = width * factor, height * factor
    # A side that was brought to a whole square may miss it by a rounding error of the last digit.
    patches = math.ceil(round(width, 6)) * math.ceil(round(height, 6))
    return patches if budget is None else min(patches, budget)  # a strip of one pixel covers more squares


def _whole(side: float) -> int:
    return max(1, math.floor(side))
