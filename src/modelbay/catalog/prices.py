"""Prices as declared: amounts are exact, and a price that cannot be meant counts as not known."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from modelbay.catalog.findings import Place, WarningKind
from modelbay.entities import PriceConfig

_AMOUNTS = ("input", "output", "cached", "cache_write")


def clean_pricing(model: dict[str, Any], place: Place) -> None:
    """Take out pricing that would bill nonsense: nothing for something, or a fortune for one token."""
    pricing = model.get("pricing")
    if not isinstance(pricing, dict):
        return
    model["pricing"] = pricing = {key: value for key, value in pricing.items() if value is not None}
    for key in sorted(pricing.keys() - PriceConfig.model_fields.keys()):
        place.warn(
            WarningKind.UNKNOWN_KEY, f"the key pricing.{key} is not known, and not used.", "pricing", key
        )
    if isinstance(pricing.get("cached"), dict | list):
        place.warn(
            WarningKind.ODD_PRICE, "pricing.cached is not an amount, and not used.", "pricing", "cached"
        )
    nonsense = _nonsense(pricing)
    if not nonsense and _amount(pricing.get("unit")) == 0:
        message = "the unit is 0, as are the amounts: the model counts as free. Write the real unit."
        place.warn(WarningKind.ODD_PRICE, message, "pricing", "unit")
    if nonsense:
        message = f"{nonsense}; the price counts as not known. Correct pricing."
        place.warn(WarningKind.ODD_PRICE, message, "pricing", "unit")
        del model["pricing"]


def _nonsense(pricing: dict[str, Any]) -> str:
    """Say what cannot be meant, or nothing. Values of a wrong type are left to the entity to refuse."""
    unit = _amount(pricing.get("unit"))
    amounts = [amount for key in _AMOUNTS if (amount := _amount(pricing.get(key))) is not None]
    if any(not amount.is_finite() or amount < 0 for amount in amounts):
        return "an amount is negative or not finite"
    if unit is None or not any(amounts):
        return ""
    if not unit.is_finite() or unit <= 0:
        return f"the unit {pricing['unit']} would make every price 0"
    # A meter that is named can be a whole thing (an image, a minute); tokens never cost a unit each.
    if unit >= 1 and "meter" not in pricing:
        return f"the unit {pricing['unit']} would price every single token"
    return ""


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return None
