"""Parameter rules as declared: what is odd is mended or left out, rule by rule."""

from __future__ import annotations

from typing import Any

from modelbay.catalog.findings import Path, Place, WarningKind
from modelbay.catalog.texts import clean_texts, plain_text
from modelbay.entities import PARAMETER_RULE_TEMPLATE, ParameterRule, ParameterType

_KEY = "parameter_rules"
_TYPES = frozenset(ParameterType)
_NULL_MEANS_ABSENT = frozenset({"label", "options", "required", "type"})


def rule_name(rule: Any) -> Any:
    """Return a rule's name; a rule written as text is the template of that name."""
    return rule.get("name") if isinstance(rule, dict) else rule


def clean_rules(model: dict[str, Any], place: Place) -> None:
    """Keep the rules that can be used; of two with one name, the last."""
    rules = model.get(_KEY)
    if not isinstance(rules, list):
        return
    kept: dict[str, Any] = {}
    for index, declared in enumerate(rules):
        path = (_KEY, index)
        rule = dict(declared) if isinstance(declared, dict) else declared
        fault = _clean_rule(rule, place, path)
        if fault:
            place.warn(WarningKind.DROPPED_RULE, f"{fault}; the rule is left out.", *path)
            continue
        name = rule_name(rule)
        if name in kept:
            place.warn(
                WarningKind.REPEATED_KEY, f"the parameter rule {name} stands twice; the last counts.", *path
            )
        kept[name] = rule
    model[_KEY] = list(kept.values())


def _clean_rule(rule: Any, place: Place, path: Path) -> str:
    """Mend a rule in place; return why it cannot be used, or nothing."""
    if not isinstance(rule, dict):
        known = isinstance(rule, str) and rule in PARAMETER_RULE_TEMPLATE
        return "" if known else f"there is no template {rule!r}; give the parameter rule a name and a type"
    for key in _NULL_MEANS_ABSENT & rule.keys():
        if rule[key] is None:
            del rule[key]
    if not isinstance(rule.get("use_template", ""), str):
        del rule["use_template"]
    fault = _fault(rule)
    if not fault:
        _note_oddities(rule, place, path)
        clean_texts(rule, ("label", "help"), place, path)
        _clean_options(rule, place, path)
    return fault


def _fault(rule: dict[str, Any]) -> str:
    name, template = rule.get("name"), rule.get("use_template")
    if not isinstance(name, str) or not name:
        return "a parameter rule has no name; add `name:`"
    if "type" not in rule and template not in PARAMETER_RULE_TEMPLATE:
        return f"the parameter rule {name} has no type, and no known template ({template}); add `type:`"
    kind = rule.get("type")
    if kind is not None and not (isinstance(kind, str) and kind in _TYPES):
        return (
            f"the parameter rule {name} has the unknown type {kind!r}; use one of {', '.join(sorted(_TYPES))}"
        )
    return ""


def _note_oddities(rule: dict[str, Any], place: Place, path: Path) -> None:
    name, template = rule["name"], rule.get("use_template")
    if template is not None and template not in PARAMETER_RULE_TEMPLATE:
        message = f"the parameter rule {name} uses the unknown template {template!r}; it has no effect."
        place.warn(WarningKind.UNKNOWN_VALUE, message, *path, "use_template")
    for key in sorted(rule.keys() - ParameterRule.model_fields.keys()):
        message = f"the parameter rule {name} has the unknown key {key}; it is not used."
        place.warn(WarningKind.UNKNOWN_KEY, message, *path, key)


def _clean_options(rule: dict[str, Any], place: Place, path: Path) -> None:
    options = rule.get("options")
    if not isinstance(options, list) or all(isinstance(option, str) for option in options):
        return
    message = f"the options of the parameter rule {rule['name']} are not all text; put them in quotes."
    place.warn(WarningKind.ODD_VALUE, message, *path, "options")
    rule["options"] = [plain_text(option) for option in options if option is not None]
