"""Every frame that the agent's translation can make for Gemini Live fits the types of the official `google-genai` SDK, and the check can fail."""

from __future__ import annotations

import copy
import json
import os
import subprocess

import pytest

from conftest import ROOT
from strict_gemini import faults_of_client_frame
from test_translated_frames import inside, values

KINDS = {
    "setup",
    "clientContent",
    "realtimeInput.audio",
    "realtimeInput.text",
    "realtimeInput.activityStart",
    "realtimeInput.activityEnd",
    "toolResponse",
    "contextUpdate",
}
# Of the protocol page, by hand: google-genai 3.4.0 has no such field in its type of the setup.
REALTIME_INPUT_CONFIG = {
    "automaticActivityDetection": {"disabled": True},
    "activityHandling": "START_OF_ACTIVITY_INTERRUPTS",
    "turnCoverage": "TURN_INCLUDES_ONLY_ACTIVITY",
}
# Any key is right there: a tool's own words, and the names of its parameters.
FREE = (".response", ".properties")


@pytest.fixture(scope="module")
def frames() -> list[dict]:
    binary = os.environ.get("AVAAZ_GEMINI_FRAMES_BIN", str(ROOT / "target" / "debug" / "examples" / "gemini_frames"))
    printed = subprocess.run([binary], check=True, capture_output=True, text=True, timeout=60).stdout
    return [json.loads(line) for line in printed.splitlines()]


def kind(frame: dict) -> str:
    (key,) = frame
    return f"{key}.{next(iter(frame[key]))}" if key == "realtimeInput" else key


def test_every_kind_of_frame_is_there(frames):
    assert {kind(frame) for frame in frames} == KINDS


def test_every_frame_fits(frames):
    assert [(kind(frame), faults) for frame in frames if (faults := faults_of_client_frame(frame))] == []


def test_a_realtime_input_is_one_thing(frames):
    assert {len(frame["realtimeInput"]) for frame in frames if "realtimeInput" in frame} == {1}


def test_we_find_the_turns_in_every_session(frames):
    setups = [frame["setup"] for frame in frames if "setup" in frame]
    assert {json.dumps(setup["realtimeInputConfig"], sort_keys=True) for setup in setups} == {
        json.dumps(REALTIME_INPUT_CONFIG, sort_keys=True)
    }
    windows = {json.dumps(setup["contextWindowCompression"], sort_keys=True) for setup in setups}
    assert windows == {'{"slidingWindow": {"targetTokens": 4800}, "triggerTokens": 6000}'}
    assert {setup["sessionResumption"].get("handle") for setup in setups} == {None, "handle"}


def test_an_unknown_key_is_found_at_every_depth(frames):
    tried = set()
    for frame in frames:
        for path, value in values(frame):
            if not isinstance(value, dict) or path.endswith(FREE) or ".response." in path:
                continue
            spoilt = copy.deepcopy(frame)
            inside(spoilt, path)["surprise"] = 1
            assert faults_of_client_frame(spoilt), f"an unknown key in {path or 'the frame'} was not found"
            tried.add(path)
    assert {
        "setup.realtimeInputConfig.automaticActivityDetection",
        "setup.tools.0.functionDeclarations.1.parameters.properties.why",
        "setup.generationConfig.speechConfig.voiceConfig.prebuiltVoiceConfig",
        "clientContent.turns.0.parts.0",
        "realtimeInput.activityStart",
        "toolResponse.functionResponses.0",
        "contextUpdate.tools.tools.0",
    } <= tried


def test_snake_case_is_found_wherever_a_key_has_two_words(frames):
    tried = 0
    for frame in frames:
        for path, value in values(frame):
            if not isinstance(value, dict) or path.endswith(FREE) or ".response." in path:
                continue
            for key in [key for key in value if key != key.lower()]:
                spoilt = copy.deepcopy(frame)
                place = inside(spoilt, path)
                snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
                place[snake] = place.pop(key)
                assert faults_of_client_frame(spoilt), f"{path}.{snake} was not found"
                tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    ("kind_of_frame", "path", "value"),
    [
        ("setup", "setup.model", 7),
        ("setup", "setup.generationConfig.responseModalities", ["SOUND"]),
        ("setup", "setup.realtimeInputConfig.turnCoverage", "TURN_INCLUDES_NOTHING"),
        ("setup", "setup.realtimeInputConfig.automaticActivityDetection.disabled", "perhaps"),
        ("setup", "setup.sessionResumption", None),
        ("clientContent", "clientContent.turnComplete", "perhaps"),
        ("clientContent", "clientContent.turns", {}),
        ("realtimeInput.audio", "realtimeInput.audio.data", "_-8"),
        ("toolResponse", "toolResponse.functionResponses.0.response", "words"),
    ],
)
def test_a_wrong_value_is_found(frames, kind_of_frame, path, value):
    above, _, key = path.rpartition(".")
    frame = copy.deepcopy(next(frame for frame in frames if kind(frame) == kind_of_frame))
    assert key in inside(frame, above)
    inside(frame, above)[key] = value
    assert faults_of_client_frame(frame)
