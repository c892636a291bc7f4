"""Every frame that the agent's translation can make fits the types of the official `openai` SDK, and the check can fail."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from conftest import ROOT
from strict_openai import faults_of_client_event

KINDS = {
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "conversation.item.create",
    "conversation.item.truncate",
    "conversation.item.delete",
    "response.create",
    "response.cancel",
}
# The service takes null here and nowhere else, though its types have it everywhere.
MAY_BE_NULL = {"session.audio.input.turn_detection"}
# What stands below is JSON schema, not the protocol.
FREE = {"session.tools.0.parameters"}


@pytest.fixture(scope="module")
def frames() -> list[dict]:
    binary = os.environ.get("AVAAZ_PROVIDER_FRAMES_BIN", str(ROOT / "target" / "debug" / "examples" / "provider_frames"))
    printed = subprocess.run([binary], check=True, capture_output=True, text=True, timeout=60).stdout
    return [json.loads(line) for line in printed.splitlines()]


def test_every_kind_of_frame_is_there(frames):
    assert {frame["type"] for frame in frames} == KINDS


def test_every_frame_fits(frames):
    assert [(frame["type"], faults) for frame in frames if (faults := faults_of_client_event(frame))] == []


def test_nothing_is_null_where_the_service_takes_no_null(frames):
    found = {path for frame in frames for path, value in values(frame) if value is None}
    assert found == MAY_BE_NULL


def test_an_unknown_key_is_found_at_every_depth(frames):
    tried = set()
    for frame in frames:
        for path, value in values(frame):
            if not isinstance(value, dict) or any(path.startswith(free) for free in FREE):
                continue
            spoilt = copy.deepcopy(frame)
            inside(spoilt, path)["surprise"] = 1
            assert faults_of_client_event(spoilt), f"{frame['type']}: an unknown key in {path or 'the frame'} was not found"
            tried.add((frame["type"], path))
    assert ("session.update", "session.audio.input.turn_detection") in tried
    assert ("session.update", "session.audio.input.noise_reduction") in tried
    assert ("session.update", "session.truncation.token_limits") in tried
    assert ("conversation.item.create", "item.content.0") in tried


def test_every_way_to_find_turns_is_there(frames):
    inputs = [frame["session"].get("audio", {}).get("input", {}) for frame in frames if frame["type"] == "session.update"]
    found = [given for given in (one.get("turn_detection") for one in inputs) if given]
    assert {one["eagerness"] for one in found if one["type"] == "semantic_vad"} == {"low", "medium", "high"}
    assert {one["silence_duration_ms"] for one in found if one["type"] == "server_vad"} == {3400, 600, 300}
    for switch in ("create_response", "interrupt_response"):
        assert {(one["type"], one[switch]) for one in found} == {
            (kind, value) for kind in ("semantic_vad", "server_vad") for value in (True, False)
        }
    # One that changes nothing else says nothing else.
    assert any(set(one) == {"turn_detection"} for one in inputs)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("session.update", "session.audio.input.format.rate", "fast"),
        ("session.update", "session.type", "realtim"),
        ("session.update", "session.truncation.retention_ratio", "most"),
        ("conversation.item.truncate", "audio_end_ms", "long"),
        ("conversation.item.create", "item.content", {}),
        ("input_audio_buffer.append", "audio", 7),
    ],
)
def test_a_wrong_value_is_found(frames, kind, path, value):
    frame = copy.deepcopy(next(frame for frame in frames if frame["type"] == kind))
    above, _, key = path.rpartition(".")
    assert key in inside(frame, above)
    inside(frame, above)[key] = value
    assert faults_of_client_event(frame)


def values(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Everything in a frame with its path."""
    yield path, value
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in below:
        yield from values(inner, f"{path}.{key}".lstrip("."))


def inside(frame: dict, path: str) -> dict:
    for key in filter(None, path.split(".")):
        frame = frame[int(key)] if isinstance(frame, list) else frame[key]
    return frame
