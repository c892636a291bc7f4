"""A conversation outlives Gemini's connections: after each notice the session is gone on with by its handle, and no typed word is lost."""

from __future__ import annotations

import asyncio

from livekit import rtc

import stack
from strict_gemini import faults_of_client_frame
from test_agent_frames import SERVICES, sent
from test_livekit_client import Heard, agent_in, until

SENTENCES = [f"Sentence number {number}." for number in range(1, 7)]
SCRIPT = {
    "session_limit_ms": 6_000,
    "default": {"greeting": "Hello.", "replies": [f"That was {number}." for number in range(1, 7)]},
}


def test_every_sentence_is_answered_across_connections_that_end(simulator, folder, tmp_path):
    record = tmp_path / "frames.jsonl"
    provider = SERVICES["gemini"].environment(simulator(SCRIPT, record))
    with stack.livekit_server(folder) as livekit, stack.avaaz(folder, {**livekit, **provider}) as api_url:
        token = stack.new_learner(api_url)
        given = stack.call("POST", f"{api_url}/sessions/default/token", {}, token)
        answers = asyncio.run(converse(given))

    frames = sent(record)
    assert answers == [f"That was {number}." for number in range(1, 7)]
    assert {fault for frame in frames for fault in faults_of_client_frame(frame)} == set()
    handles = [frame["setup"]["sessionResumption"].get("handle") for frame in frames if "setup" in frame]
    assert handles[0] is None
    assert len(handles) >= 3 and all(handles[1:]), handles
    assert len(set(handles)) == len(handles), "a handle is good once"
    # Once as a question; as history again where the handle was older than the words.
    asked = [frame["clientContent"] for frame in frames if frame.get("clientContent", {}).get("turnComplete")]
    typed = [turn["parts"][0]["text"] for content in asked for turn in content.get("turns", [])]
    assert [words for words in typed if words in SENTENCES] == SENTENCES


async def converse(given: dict) -> list[str]:
    room, heard = rtc.Room(), Heard()
    heard.listen_in(room)
    await room.connect(given["server_url"], given["participant_token"])
    answers = []
    try:
        tutor = await until("the tutor", lambda: agent_in(room))
        await until("the greeting", lambda: "Hello." in " ".join(heard.words(tutor.identity)))
        for number, sentence in enumerate(SENTENCES, 1):
            await asyncio.sleep(1.0)
            await room.local_participant.send_text(sentence, topic="lk.chat")
            expected = f"That was {number}."
            await until(f"answer {number}", lambda: expected in " ".join(heard.words(tutor.identity)))
            answers.append(expected)
            # Words may come a moment before the state that goes with them.
            await asyncio.sleep(0.5)
            await until("the end of it", lambda: tutor.attributes.get("lk.agent.state") == "listening")
    finally:
        await room.disconnect()
        await heard.stop()
    return answers
