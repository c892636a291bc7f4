"""The official `openai` SDK talks with the simulator, so that it stands for the real server."""

from __future__ import annotations

import array
import asyncio
import base64
import json
import pathlib
import subprocess
import wave
from contextlib import asynccontextmanager

import openai
import pytest
import websockets
from openai import AsyncOpenAI

from strict_openai import faults_of_client_event, faults_of_server_event

MODEL = "gpt-realtime-2.1"
RATE_HZ = 24_000
PATIENCE_S = 20
LONG_GREETING = {"text": "word " * 30, "beeps": True, "delivery_speed": 3}
# What the real server sends beyond the SDK's types: padding against eavesdroppers, and a session in the shape of
# an answer where the SDK has that of a request.
KNOWN_EXTRAS = {
    "response.output_audio_transcript.delta.obfuscation",
    "response.output_text.delta.obfuscation",
    "response.function_call_arguments.delta.obfuscation",
    "conversation.item.input_audio_transcription.delta.obfuscation",
    *(f"session.{event}.session.{key}" for event in ("created", "updated") for key in ("id", "object", "expires_at")),
}


@asynccontextmanager
async def connected(base_url: str, key: str = "sk-good", model: str = MODEL):
    async with AsyncOpenAI(api_key=key, base_url=base_url, max_retries=0) as client:
        async with client.realtime.connect(model=model) as connection:
            yield connection


async def until(connection, kind: str) -> list:
    """All events up to one of this type."""
    events = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in connection:
            events.append(event)
            if event.type == kind:
                return events
    raise AssertionError(f"the connection ended before {kind}")


def audio_ms(events: list) -> float:
    deltas = [event.delta for event in events if event.type == "response.output_audio.delta"]
    return sum(len(base64.b64decode(delta)) for delta in deltas) / (2 * RATE_HZ / 1000)


def speech(folder: pathlib.Path, text: str) -> bytes:
    """A spoken sentence at 24 kHz with silence around it, from a WAV of espeak-ng."""
    file = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-w", str(file), text], check=True)
    with wave.open(str(file)) as opened:
        samples = array.array("h", opened.readframes(opened.getnframes()))
        step = opened.getframerate() / RATE_HZ
    nearest = array.array("h", (samples[int(index * step)] for index in range(int(len(samples) / step))))
    silence = bytes(2 * RATE_HZ)
    return silence + nearest.tobytes() + silence


async def say(connection, sound: bytes) -> None:
    for start in range(0, len(sound), 4_800):
        await connection.input_audio_buffer.append(audio=base64.b64encode(sound[start : start + 4_800]).decode())


async def test_it_connects_and_takes_a_session_update(simulator):
    async with connected(simulator()) as connection:
        created = await connection.recv()
        assert created.type == "session.created"
        assert created.session.model == MODEL
        await connection.session.update(
            session={"type": "realtime", "instructions": "Be kind.", "audio": {"output": {"voice": "marin"}}}
        )
        updated = (await until(connection, "session.updated"))[-1]
        assert updated.session.instructions == "Be kind."
        assert updated.session.audio.output.voice == "marin"


async def test_speech_goes_in_and_a_spoken_reply_comes_out(simulator, tmp_path):
    script = {"default": {"replies": ["Apples are my favourite fruit."], "learner_says": ["I bought some apples"]}}
    async with connected(simulator(script)) as connection:
        await connection.session.update(
            session={"type": "realtime", "audio": {"input": {"transcription": {"model": "gpt-transcribe"}}}}
        )
        await say(connection, speech(tmp_path, "Yesterday I went to the market and bought some apples."))
        events = await until(connection, "response.done")
        done = events[-1].response
        assert done.status == "completed"
        assert done.output[0].content[0].transcript == "Apples are my favourite fruit."
        assert audio_ms(events) > 1_000
        kinds = [event.type for event in events]
        assert kinds.index("input_audio_buffer.speech_started") < kinds.index("input_audio_buffer.speech_stopped")
        [heard] = [
            event.transcript for event in events if event.type == "conversation.item.input_audio_transcription.completed"
        ]
        assert heard == "I bought some apples"
        assert done.usage.output_token_details.audio_tokens > 0


async def test_typed_text_gets_a_spoken_reply_that_takes_it_up(simulator):
    async with connected(simulator()) as connection:
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "I like green apples"}]}
        )
        await connection.response.create()
        events = await until(connection, "response.done")
        assert "I like green apples" in events[-1].response.output[0].content[0].transcript
        assert audio_ms(events) >= 2_000


async def test_a_tool_is_called_and_its_result_reported(simulator):
    tool = {
        "type": "function",
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    async with connected(simulator()) as connection:
        await connection.session.update(session={"type": "realtime", "tools": [tool]})
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How is the weather in Rome?"}]}
        )
        await connection.response.create()
        [call] = (await until(connection, "response.done"))[-1].response.output
        assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "get_weather", {"city": "Rome"})
        await connection.conversation.item.create(
            item={"type": "function_call_output", "call_id": call.call_id, "output": '{"sky": "cloudless"}'}
        )
        await connection.response.create()
        done = (await until(connection, "response.done"))[-1].response
        assert "cloudless" in done.output[0].content[0].transcript


async def test_a_reply_is_cancelled_and_truncated_to_what_was_heard(simulator):
    async with connected(simulator({"default": {"greeting": LONG_GREETING}})) as connection:
        await connection.response.create()
        await until(connection, "response.output_audio.delta")
        await connection.response.cancel()
        done = (await until(connection, "response.done"))[-1].response
        assert done.status == "cancelled"
        assert done.status_details.reason == "client_cancelled"

        item_id = done.output[0].id
        await connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=40)
        truncated = (await until(connection, "conversation.item.truncated"))[-1]
        assert (truncated.item_id, truncated.audio_end_ms) == (item_id, 40)
        await connection.conversation.item.truncate(item_id=item_id, content_index=0, audio_end_ms=60_000)
        error = (await until(connection, "error"))[-1].error
        assert "already shorter than 60000ms" in error.message

        await connection.response.cancel()
        assert (await until(connection, "error"))[-1].error.code == "response_cancel_not_active"


async def test_a_bad_key_is_refused_after_the_upgrade(simulator):
    async with connected(simulator(), key="sk-bad") as connection:
        event = await connection.recv()
        assert event.error.code == "invalid_api_key"
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd.code == 3000
        assert closed.value.rcvd.reason == "invalid_request_error.invalid_api_key"


async def test_a_bad_key_does_not_list_models(simulator):
    base_url = simulator()
    async with AsyncOpenAI(api_key="sk-good", base_url=base_url) as client:
        assert MODEL in [model.id async for model in client.models.list()]
    async with AsyncOpenAI(api_key="sk-bad", base_url=base_url, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()


async def test_an_unknown_field_is_refused_and_changes_nothing(simulator):
    async with connected(simulator()) as connection:
        await connection.send({"type": "session.update", "event_id": "mine",
                               "session": {"type": "realtime", "instructions": "Lost", "temperature": 0.8}})
        error = (await until(connection, "error"))[-1].error
        assert (error.code, error.param, error.event_id) == ("unknown_parameter", "session.temperature", "mine")
        await connection.session.update(session={"type": "realtime"})
        assert (await until(connection, "session.updated"))[-1].session.instructions != "Lost"


async def test_every_event_of_the_simulator_fits_the_sdks_types(simulator, tmp_path):
    script = {
        "default": {
            "greeting": {"text": "Hello there.", "second_text": "And again."},
            "replies": [{"text": "Let me see.", "call": {"name": "look_up", "arguments": {"word": "apple"}}}],
            "learner_says": ["I bought some apples", {"fails": True}],
        },
        "unknown_events": False,
    }
    seen = []
    url = simulator(script).replace("http", "ws", 1) + f"/realtime?model={MODEL}"
    async with websockets.connect(url, additional_headers={"Authorization": "Bearer sk-good"}) as socket:

        async def send(**event):
            await socket.send(json.dumps(event))

        async def read_until(*kinds):
            missing = set(kinds)
            async with asyncio.timeout(PATIENCE_S):
                while missing:
                    seen.append(json.loads(await socket.recv()))
                    missing.discard(seen[-1]["type"])

        transcription = {"model": "gpt-transcribe", "language": "en"}
        await send(type="session.update", session={"type": "realtime", "audio": {"input": {"transcription": transcription}}})
        by_sense = {"type": "semantic_vad", "eagerness": "high", "create_response": False, "interrupt_response": False}
        detections = [by_sense, {"type": "server_vad", "silence_duration_ms": 500, "idle_timeout_ms": 6000, "create_response": True}]
        for detection in detections:
            audio = {"input": {"turn_detection": detection, "noise_reduction": {"type": "near_field"}}}
            truncation = {"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 6000}}
            await send(type="session.update", session={"type": "realtime", "audio": audio, "truncation": truncation})
            await read_until("session.updated")
        await send(type="response.create")
        await read_until("rate_limits.updated")
        # Six seconds in which nobody speaks.
        await send(type="input_audio_buffer.append", audio=base64.b64encode(bytes(2 * RATE_HZ * 7)).decode())
        await read_until("input_audio_buffer.timeout_triggered", "rate_limits.updated")
        sound = speech(tmp_path, "Yesterday I went to the market and bought some apples.")
        for start in range(0, len(sound), 4_800):
            await send(type="input_audio_buffer.append", audio=base64.b64encode(sound[start : start + 4_800]).decode())
        await read_until("conversation.item.input_audio_transcription.completed", "rate_limits.updated")
        item = {"id": "mine", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        await send(type="conversation.item.create", item=item)
        await send(type="conversation.item.retrieve", item_id="mine")
        await send(type="conversation.item.delete", item_id="mine")
        await send(type="session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        await send(type="input_audio_buffer.append", audio=base64.b64encode(bytes(9_600)).decode())
        await send(type="input_audio_buffer.commit")
        await send(type="input_audio_buffer.clear")
        await send(type="response.cancel")
        await send(type="response.create", response={"output_modalities": ["text"], "conversation": "none", "input": []})
        await read_until("error", "conversation.item.input_audio_transcription.failed", "rate_limits.updated")

    found = {fault for event in seen for fault in faults_of_server_event(event)}
    found -= {f"{extra}: unknown key" for extra in KNOWN_EXTRAS}
    assert not found
    assert len({event["type"] for event in seen}) >= 25


async def test_the_check_of_events_notices_what_does_not_fit():
    good = {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "marin"}}}}
    assert faults_of_client_event(good) == []
    deep = {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"pitch": 3}}}}
    assert faults_of_client_event(deep) == ["session.update.session.audio.output.pitch: unknown key"]
    wrong = {"type": "conversation.item.truncate", "item_id": "a", "content_index": 0, "audio_end_ms": "soon"}
    assert any("audio_end_ms" in fault for fault in faults_of_client_event(wrong))


async def test_a_recording_holds_what_was_sent_but_no_audio(simulator, tmp_path):
    record = tmp_path / "frames.jsonl"
    async with connected(simulator(record=record)) as connection:
        await connection.session.update(session={"type": "realtime", "instructions": "Be kind."})
        await connection.input_audio_buffer.append(audio=base64.b64encode(b"\x01\x02" * 2_400).decode())
        await connection.session.update(session={"type": "realtime"})
        await until(connection, "session.updated")
        await until(connection, "session.updated")
    frames = [json.loads(line) for line in record.read_text().splitlines()]
    assert [frame["type"] for frame in frames] == ["session.update", "input_audio_buffer.append", "session.update"]
    assert len(base64.b64decode(frames[1]["audio"])) < 10
    assert [fault for frame in frames for fault in faults_of_client_event(frame)] == []
