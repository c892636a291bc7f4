"""Checks events against the types of the official `openai` SDK, with unknown keys forbidden at every depth.

The SDK's own models take unknown keys and skip what does not fit, so that parsing alone proves nothing.
"""

from __future__ import annotations

from typing import Any

import pydantic
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

CLIENT_EVENT: pydantic.TypeAdapter = pydantic.TypeAdapter(RealtimeClientEvent)
SERVER_EVENT: pydantic.TypeAdapter = pydantic.TypeAdapter(RealtimeServerEvent)


def faults_of_client_event(event: dict[str, Any]) -> list[str]:
    """What is wrong with an event that a client sends; nothing is `[]`."""
    return faults(CLIENT_EVENT, event)


def faults_of_server_event(event: dict[str, Any]) -> list[str]:
    """What is wrong with an event that a server sends; nothing is `[]`."""
    return faults(SERVER_EVENT, event)


def faults(types: pydantic.TypeAdapter, event: dict[str, Any]) -> list[str]:
    try:
        # Of a union without a common key the type may be guessed, but the event's own type is not a guess.
        model = types.validate_python(event)
    except pydantic.ValidationError as error:
        own = [found for found in error.errors() if event.get("type") in str(found["loc"])] or error.errors()
        return [f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in own]
    return list(unknown_keys(model, str(event["type"])))


def unknown_keys(value: Any, path: str):
    if isinstance(value, pydantic.BaseModel):
        for key in value.model_extra or {}:
            yield f"{path}.{key}: unknown key"
        for key in value.model_fields_set:
            yield from unknown_keys(getattr(value, key, None), f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown_keys(item, f"{path}[{index}]")
