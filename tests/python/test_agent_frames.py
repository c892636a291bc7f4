"""Every frame that the agent sends to its provider fits the types of that provider's official SDK (`openai`, `google-genai`)."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pathlib
from collections.abc import Callable

import pytest
from livekit import rtc

import stack
from strict_gemini import faults_of_client_frame
from strict_openai import faults_of_client_event
from test_livekit_client import Heard, agent_in, say, spoken, until

SCRIPT = {
    "default": {
        "greeting": {"text": "word " * 60, "beeps": True},
        # The connection breaks in this answer, so that the next one begins with the history.
        "matches": [
            {
                "text_contains": "apple",
                "reply": {"text": "That is a good question indeed.", "fault": {"kind": "close", "after_audio_ms": 200}},
            }
        ],
        # A sentence with a long pause is several turns.
        "replies": ["Of course. What is your question?"] * 4,
        "learner_says": ["Wait, I have a question"] * 4,
    }
}


@dataclasses.dataclass(frozen=True)
class Service:
    """What the test has to know of a provider's frames."""

    environment: Callable[[str], dict[str, str]]
    faults: Callable[[dict], list[str]]
    kind: Callable[[dict], str]
    expected: set[str]
    begins: Callable[[dict], bool]
    is_cut: Callable[[dict], bool]
    tells_tutors_words: Callable[[dict], bool]


def gemini_kind(frame: dict) -> str:
    key = next(iter(frame))
    return f"{key}.{next(iter(frame[key]))}" if key == "realtimeInput" else key


def gemini_turns(frame: dict) -> list[dict]:
    return frame.get("clientContent", {}).get("turns", [])


SERVICES = {
    "openai": Service(
        environment=lambda url: {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-of-a-test"},
        faults=faults_of_client_event,
        kind=lambda frame: frame["type"],
        expected={
            "session.update",
            "input_audio_buffer.append",
            "response.create",
            "conversation.item.create",
            "conversation.item.truncate",
        },
        # Later ones change what has begun.
        begins=lambda frame: "output_modalities" in frame.get("session", {}),
        is_cut=lambda frame: frame["type"] == "conversation.item.truncate",
        tells_tutors_words=lambda frame: frame.get("item", {}).get("role") == "assistant",
    ),
    "gemini": Service(
        environment=lambda url: {"GEMINI_BASE_URL": url.removesuffix("/v1"), "GEMINI_API_KEY": "AIza-of-a-test"},
        faults=faults_of_client_frame,
        kind=gemini_kind,
        expected={
            "setup",
            "clientContent",
            "realtimeInput.activityStart",
            "realtimeInput.audio",
            "realtimeInput.activityEnd",
        },
        begins=lambda frame: "setup" in frame,
        is_cut=lambda frame: any("was cut off" in turn["parts"][0]["text"] for turn in gemini_turns(frame)),
        tells_tutors_words=lambda frame: any(turn["role"] == "model" for turn in gemini_turns(frame)),
    ),
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_frame_of_a_conversation_fits_the_sdks_types(name, simulator, folder, tmp_path):
    service = SERVICES[name]
    record = tmp_path / "frames.jsonl"
    provider = service.environment(simulator(SCRIPT, record))
    with stack.livekit_server(folder) as livekit, stack.avaaz(folder, {**livekit, **provider}) as api_url:
        token = stack.new_learner(api_url)
        given = stack.call("POST", f"{api_url}/sessions/default/token", {}, token)
        asyncio.run(converse(given, spoken(tmp_path, "Wait, please, I have a question about that."), record, service))

    frames = sent(record)
    assert {fault for frame in frames for fault in service.faults(frame)} == set()
    assert {service.kind(frame) for frame in frames} >= service.expected
    # The second connection was told what had been said before it.
    assert sum(map(service.begins, frames)) >= 2
    assert any(service.tells_tutors_words(frame) for frame in frames)


async def converse(given: dict, speech, record: pathlib.Path, service: Service) -> None:
    room, heard = rtc.Room(), Heard()
    heard.listen_in(room)
    await room.connect(given["server_url"], given["participant_token"])
    try:
        microphone = rtc.AudioSource(48_000, 1, 40)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", microphone)
        await room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
        tutor = await until("the tutor", lambda: agent_in(room))
        await until("the greeting's sound", lambda: heard.audible_ms(tutor.identity) >= 1_000)
        saying = asyncio.create_task(say(microphone, speech))
        try:
            await until("the end of the greeting", lambda: any(map(service.is_cut, sent(record))))
            await until("the answer's words", lambda: "Of course" in " ".join(heard.words(tutor.identity)))
            await until("the tutor's attention", lambda: tutor.attributes.get("lk.agent.state") == "listening")
            await room.local_participant.send_text("What is an apple?", topic="lk.chat")
            await until("a second connection with the history", lambda: second_connection(record, service))
            await until("the answer after the break", lambda: "indeed" in " ".join(heard.words(tutor.identity)))
            # Words may come a moment before the state that goes with them.
            await asyncio.sleep(0.5)
            await until("the end of that answer", lambda: tutor.attributes.get("lk.agent.state") == "listening")
        finally:
            saying.cancel()
    finally:
        await room.disconnect()
        await heard.stop()


def second_connection(record: pathlib.Path, service: Service) -> bool:
    """Whether the tutor's words were told after the setup of a second session."""
    frames = sent(record)
    begun = [index for index, frame in enumerate(frames) if service.begins(frame)]
    return len(begun) > 1 and any(map(service.tells_tutors_words, frames[begun[-1] :]))


def sent(record: pathlib.Path) -> list[dict]:
    whole_lines = record.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole_lines.splitlines()]
