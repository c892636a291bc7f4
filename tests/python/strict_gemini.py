"""Checks frames for Gemini Live against the types of the official `google-genai` SDK: unknown keys forbidden at every depth, camelCase only.

Two things are not left to the SDK. Its type of the setup lacks `realtimeInputConfig`, which the service wants and the SDK itself sends: that
part is checked against a type of its own. And its enums take any word: here a word that they do not know is a fault.
"""

from __future__ import annotations

import base64
import enum
from collections.abc import Iterator
from typing import Any

import pydantic
from google.genai import types

# What stands below is of the model's or the tool's own making.
FREE = {"args", "response"}
# The service refuses these in a declared schema, though the SDK's type has them.
NO_SCHEMA = {"additionalProperties", "$ref", "ref", "defs", "$defs", "const", "default"}


def faults_of_client_frame(frame: dict[str, Any]) -> list[str]:
    """What is wrong with a frame that a client sends; nothing is `[]`."""
    if len(frame) != 1:
        return [f"exactly one key is wanted, not {sorted(frame)}"]
    rest, found = frame, []
    if isinstance(setup := frame.get("setup"), dict):
        rest = {"setup": {key: value for key, value in setup.items() if key != "realtimeInputConfig"}}
        if "realtimeInputConfig" in setup:
            found += faults(types.RealtimeInputConfig, setup["realtimeInputConfig"], "setup.realtimeInputConfig")
    found += faults(types.LiveClientMessage, rest, "")
    return found + list(faults_of_our_own(frame))


def faults(model: type[pydantic.BaseModel], value: Any, above: str) -> list[str]:
    try:
        # By alias and not by name: the SDK takes snake_case as well, we do not send it.
        read = model.model_validate(value, by_alias=True, by_name=False)
    except pydantic.ValidationError as error:
        return [f"{above}.{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors()]
    return list(unknown_words(read, above))


def unknown_words(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, pydantic.BaseModel):
        for key in value.model_extra or {}:
            yield f"{path}.{key}: unknown key"
        for key in value.model_fields_set:
            yield from unknown_words(getattr(value, key, None), f"{path}.{key}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from unknown_words(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_words(item, f"{path}[{index}]")
    elif isinstance(value, enum.Enum) and type(value).__members__.get(value.name) is not value:
        yield f"{path}: unknown word {value.name}"


def faults_of_our_own(value: Any, path: str = "") -> Iterator[str]:
    """What the SDK's types let pass: null, snake_case, small letters in enums, base64 of the other alphabet."""
    if value is None:
        yield f"{path}: null"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from faults_of_our_own(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}"
            # Names of a tool's parameters are the tool's own.
            if "_" in key and not path.endswith(".properties"):
                yield f"{here}: snake_case"
            if "parameters" in path and key in NO_SCHEMA and not path.endswith(".properties"):
                yield f"{here}: refused in a schema"
            if "parameters" in path and key == "type" and isinstance(inner, str) and inner != inner.upper():
                yield f"{here}: not in capitals"
            if key == "data" and not is_standard_base64(inner):
                yield f"{here}: not standard base64"
            if key not in FREE:
                yield from faults_of_our_own(inner, here)


def is_standard_base64(text: Any) -> bool:
    try:
        return isinstance(text, str) and base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False
