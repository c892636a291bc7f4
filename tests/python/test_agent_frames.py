"""Every frame that the agent sends to its provider fits the types of the official `openai` SDK."""

from __future__ import annotations

import asyncio
import json
import pathlib
import shutil
import tempfile

import pytest
from livekit import rtc

import stack
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
EXPECTED = {
    "session.update",
    "input_audio_buffer.append",
    "response.create",
    "conversation.item.create",
    "conversation.item.truncate",
}


@pytest.fixture
def folder():
    made = pathlib.Path(tempfile.mkdtemp(prefix="avaaz-frames-test-"))
    # Postgres may have to run as another user, who must reach its folder.
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_every_frame_of_a_conversation_fits_the_sdks_types(simulator, folder, tmp_path):
    record = tmp_path / "frames.jsonl"
    provider = {"OPENAI_BASE_URL": simulator(SCRIPT, record), "OPENAI_API_KEY": "sk-of-a-test"}
    with stack.livekit_server(folder) as livekit, stack.avaaz(folder, {**livekit, **provider}) as api_url:
        token = stack.new_learner(api_url)
        given = stack.call("POST", f"{api_url}/sessions/default/token", {}, token)
        asyncio.run(converse(given, spoken(tmp_path, "Wait, please, I have a question about that."), record))

    frames = sent(record)
    assert {fault for frame in frames for fault in faults_of_client_event(frame)} == set()
    assert {frame["type"] for frame in frames} >= EXPECTED
    # The second connection was told what had been said before it.
    assert sum(frame["type"] == "session.update" for frame in frames) >= 2
    assert "assistant" in {frame["item"].get("role") for frame in frames if frame["type"] == "conversation.item.create"}


async def converse(given: dict, speech, record: pathlib.Path) -> None:
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
            await until("the end of the greeting", lambda: count(record, "conversation.item.truncate"))
            await until("the answer's words", lambda: "Of course" in " ".join(heard.words(tutor.identity)))
            await until("the tutor's attention", lambda: tutor.attributes.get("lk.agent.state") == "listening")
            await room.local_participant.send_text("What is an apple?", topic="lk.chat")
            await until("a second connection with the history", lambda: second_connection(record))
            await until("the answer after the break", lambda: "indeed" in " ".join(heard.words(tutor.identity)))
            await until("the end of that answer", lambda: tutor.attributes.get("lk.agent.state") == "listening")
        finally:
            saying.cancel()
    finally:
        await room.disconnect()
        await heard.stop()


def second_connection(record: pathlib.Path) -> bool:
    """Whether items were created after the setup of a second session."""
    kinds = [frame["type"] for frame in sent(record)]
    begun = [index for index, kind in enumerate(kinds) if kind == "session.update"]
    return len(begun) > 1 and "conversation.item.create" in kinds[begun[-1] :]


def count(record: pathlib.Path, kind: str) -> int:
    return sum(frame["type"] == kind for frame in sent(record))


def sent(record: pathlib.Path) -> list[dict]:
    whole_lines = record.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole_lines.splitlines()]
