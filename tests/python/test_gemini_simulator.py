"""The official `google-genai` SDK's live client talks with the simulator, so that it stands for the real service."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest
import websockets
from google import genai
from google.genai import errors, live, types

from test_openai_simulator import speech

MODEL = "gemini-3.8-live"
PATIENCE_S = 20
LONG_REPLY = {"text": "word " * 30, "beeps": True, "delivery_speed": 3}
MANUAL = types.RealtimeInputConfig(automatic_activity_detection=types.AutomaticActivityDetection(disabled=True))
BOTH_TRANSCRIPTS = {
    "input_audio_transcription": types.AudioTranscriptionConfig(),
    "output_audio_transcription": types.AudioTranscriptionConfig(),
}


@pytest.fixture(autouse=True)
def plain_socket(monkeypatch):
    """The SDK's socket is always one with TLS, which the simulator does not have."""

    def connect(uri: str, ssl: object = None, **options):
        return websockets.connect(uri.replace("wss:", "ws:", 1), **options)

    monkeypatch.setattr(live, "ws_connect", connect)


@asynccontextmanager
async def connected(base_url: str, key: str = "good", model: str = MODEL, version: str = "v1beta", **config):
    client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=base_url.removesuffix("v1"), api_version=version))
    async with client.aio.live.connect(model=model, config=types.LiveConnectConfig(**config)) as session:
        yield session


async def turn(session) -> list[types.LiveServerMessage]:
    """All messages up to the end of the tutor's turn."""
    async with asyncio.timeout(PATIENCE_S):
        return [message async for message in session.receive()]


async def until(session, is_it) -> list[types.LiveServerMessage]:
    """All messages up to one that is it."""
    messages = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async for message in session.receive():
                messages.append(message)
                if is_it(message):
                    return messages


async def closed(session) -> errors.APIError:
    """What the SDK makes of the connection's end."""
    with pytest.raises(errors.APIError) as raised:
        await until(session, lambda message: False)
    return raised.value


def audio_ms(messages: list[types.LiveServerMessage]) -> float:
    return sum(len(message.data) for message in messages if message.data) / 48


def words(messages: list[types.LiveServerMessage], kind: str) -> str:
    contents = (message.server_content for message in messages if message.server_content)
    pieces = (getattr(content, kind) for content in contents)
    return "".join(piece.text for piece in pieces if piece and piece.text)


def flags(messages: list[types.LiveServerMessage]) -> list[str]:
    names = ("generation_complete", "interrupted", "turn_complete")
    contents = (message.server_content for message in messages if message.server_content)
    return [name for content in contents for name in names if getattr(content, name)]


def text(words: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=words)])


async def say(session, sound: bytes) -> None:
    """Sends sound at 24 kHz as the SDK does."""
    for start in range(0, len(sound), 4_800):
        blob = types.Blob(data=sound[start : start + 4_800], mime_type="audio/pcm;rate=24000")
        await session.send_realtime_input(audio=blob)


async def test_it_is_set_up_and_answers_typed_words_with_a_spoken_reply(simulator):
    voice = types.VoiceConfig(prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Kore"))
    async with connected(
        simulator(),
        response_modalities=[types.Modality.AUDIO],
        system_instruction="Be kind.",
        temperature=0.7,
        speech_config=types.SpeechConfig(voice_config=voice, language_code="en-US"),
        context_window_compression=types.ContextWindowCompressionConfig(
            trigger_tokens=10_000, sliding_window=types.SlidingWindow(target_tokens=5_000)
        ),
        output_audio_transcription=types.AudioTranscriptionConfig(),
    ) as session:
        assert session.setup_complete is not None
        await session.send_client_content(turns=text("I like green apples"), turn_complete=True)
        messages = await turn(session)
        assert "I like green apples" in words(messages, "output_transcription")
        assert audio_ms(messages) >= 2_000
        assert flags(messages) == ["generation_complete", "turn_complete"]
        usage = messages[-1].usage_metadata
        assert usage.total_token_count == usage.prompt_token_count + usage.response_token_count
        assert {detail.modality.value for detail in usage.response_tokens_details} == {"TEXT", "AUDIO"}

        await session.send_realtime_input(text="And yellow pears")
        assert "And yellow pears" in words(await turn(session), "output_transcription")


@pytest.mark.parametrize("finds_turns", [True, False], ids=["the server finds turns", "the client finds turns"])
async def test_speech_is_answered_and_both_sides_are_written_down(simulator, tmp_path, finds_turns):
    script = {"default": {"replies": ["Apples are my favourite fruit."], "learner_says": ["I bought some apples"]}}
    config = dict(BOTH_TRANSCRIPTS) if finds_turns else {**BOTH_TRANSCRIPTS, "realtime_input_config": MANUAL}
    async with connected(simulator(script), **config) as session:
        if not finds_turns:
            await session.send_realtime_input(activity_start=types.ActivityStart())
        await say(session, speech(tmp_path, "Yesterday I went to the market and bought some apples."))
        if not finds_turns:
            await session.send_realtime_input(activity_end=types.ActivityEnd())
        messages = await turn(session)
        assert words(messages, "input_transcription") == " I bought some apples"
        assert words(messages, "output_transcription") == "Apples are my favourite fruit."
        assert audio_ms(messages) > 1_000


@pytest.mark.parametrize("version", [None, "v1alpha"], ids=["the SDK's own", "v1alpha"])
async def test_other_versions_of_the_service_are_served(simulator, version):
    async with connected(simulator(), version=version) as session:
        assert session.setup_complete is not None


async def test_nothing_is_written_down_unless_asked_for(simulator, tmp_path):
    async with connected(simulator()) as session:
        await say(session, speech(tmp_path, "Yesterday I went to the market and bought some apples."))
        messages = await turn(session)
        assert audio_ms(messages) > 1_000
        assert words(messages, "input_transcription") + words(messages, "output_transcription") == ""


async def test_speech_interrupts_the_reply(simulator, tmp_path):
    script = {"default": {"replies": [LONG_REPLY, "I see."]}}
    async with connected(simulator(script), **BOTH_TRANSCRIPTS) as session:
        await session.send_client_content(turns=text("Go on"))
        await until(session, lambda message: message.data)
        await say(session, speech(tmp_path, "Wait, I have a question!"))
        assert flags(await turn(session)) == ["interrupted", "turn_complete"]
        assert words(await turn(session), "output_transcription") == "I see."


async def test_the_learners_activity_and_content_interrupt_the_reply(simulator):
    script = {"default": {"replies": [LONG_REPLY, LONG_REPLY]}}
    async with connected(simulator(script), realtime_input_config=MANUAL) as session:
        await session.send_client_content(turns=text("Go on"))
        await until(session, lambda message: message.data)
        await session.send_realtime_input(activity_start=types.ActivityStart())
        assert flags(await turn(session)) == ["interrupted", "turn_complete"]
        await session.send_realtime_input(activity_end=types.ActivityEnd())
        await until(session, lambda message: message.data)
        await session.send_client_content(turns=text("Stop"))
        assert flags(await turn(session)) == ["interrupted", "turn_complete"]


def weather(behavior: types.Behavior) -> types.Tool:
    city = types.Schema(type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}, required=["city"])
    tools = [
        types.FunctionDeclaration(name="get_weather", parameters=city, behavior=behavior),
        types.FunctionDeclaration(name="end_lesson", behavior=behavior),
    ]
    return types.Tool(function_declarations=tools)


@pytest.mark.parametrize("behavior", [types.Behavior.BLOCKING, types.Behavior.NON_BLOCKING])
async def test_a_function_is_called_and_its_result_spoken_about(simulator, behavior):
    async with connected(simulator(), tools=[weather(behavior)], **BOTH_TRANSCRIPTS) as session:
        await session.send_client_content(turns=text("How is the weather in Rome?"))
        [call] = (await until(session, lambda message: message.tool_call))[-1].tool_call.function_calls
        assert (call.name, call.args) == ("get_weather", {"city": "Rome"})
        if behavior == types.Behavior.NON_BLOCKING:
            await turn(session)
        response = types.FunctionResponse(id=call.id, name=call.name, response={"output": {"sky": "cloudless"}})
        await session.send_tool_response(function_responses=[response])
        assert "cloudless" in words(await turn(session), "output_transcription")


async def test_a_call_without_arguments_is_taken_back_by_new_words(simulator):
    async with connected(simulator(), tools=[weather(types.Behavior.BLOCKING)]) as session:
        await session.send_client_content(turns=text("Let us end the lesson"))
        [call] = (await until(session, lambda message: message.tool_call))[-1].tool_call.function_calls
        assert (call.name, call.args) == ("end_lesson", None)
        await session.send_client_content(turns=text("No, not yet"))
        cancelled = (await until(session, lambda message: message.tool_call_cancellation))[-1]
        assert cancelled.tool_call_cancellation.ids == [call.id]
        # What was on its way meanwhile does no harm.
        response = types.FunctionResponse(id=call.id, name=call.name, response={"output": "done"})
        await session.send_tool_response(function_responses=[response])
        assert "turn_complete" in flags(await turn(session))


async def test_instructions_change_midway(simulator):
    learners = [{"when_instructions_contain": "Pedro", "greeting": "Hola, Pedro."}]
    async with connected(simulator({"learners": learners}), **BOTH_TRANSCRIPTS) as session:
        await session.send_context_update(system_instruction="You teach Pedro.")
        await session.send_client_content(turns=text("[Greet the learner.]"))
        assert words(await turn(session), "output_transcription") == "Hola, Pedro."


async def test_after_going_away_a_session_goes_on_with_its_handle(simulator):
    script = {
        "default": {"replies": [{"text": reply, "beeps": True} for reply in ("One.", "Two.", "Three.")]},
        "connections": [{"kind": "go_away", "after_ms": 2_000, "time_left_ms": 1_500}],
    }
    base_url = simulator(script)
    first = types.SessionResumptionConfig()
    async with connected(base_url, session_resumption=first, **BOTH_TRANSCRIPTS) as session:
        await session.send_client_content(turns=text("First"))
        messages = await until(session, lambda message: message.go_away)
        assert words(messages, "output_transcription") == "One."
        assert messages[-1].go_away.time_left == "1.500s"
        updates = [message.session_resumption_update for message in messages if message.session_resumption_update]
        assert [update.resumable for update in updates] == [None, True]
        handle = types.SessionResumptionConfig(handle=updates[-1].new_handle)

        with pytest.raises(errors.APIError) as refused:
            async with connected(base_url, session_resumption=handle):
                pass
        assert refused.value.code == 1011
        assert (await closed(session)).code == 1008

    async with connected(base_url, session_resumption=handle, **BOTH_TRANSCRIPTS) as session:
        await session.send_client_content(turns=text("Second"))
        assert words(await turn(session), "output_transcription") == "Two."


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"model": "gemini-9"}, 1008, "models/gemini-9 is not found for API version v1beta"),
        ({"key": "bad"}, 1007, "API key not valid. Please pass a valid API key."),
        ({"response_modalities": [types.Modality.TEXT]}, 1007, "Request contains an invalid argument."),
        ({"enable_affective_dialog": True}, 1007, "Request contains an invalid argument."),
        ({"session_resumption": types.SessionResumptionConfig(handle="made-up")}, 1008, "Requested entity was not found."),
    ],
    ids=["model", "key", "modality", "a feature that the model lacks", "handle"],
)
async def test_what_is_wrong_with_a_setup_is_the_reason_of_the_close(simulator, change, code, reason):
    with pytest.raises(errors.APIError) as refused:
        async with connected(simulator(), **change):
            pass
    assert refused.value.code == code
    assert reason in str(refused.value)


async def test_an_unknown_field_is_refused_by_its_name(simulator):
    async with connected(simulator()) as session:
        await session._ws.send(json.dumps({"clientContent": {"turnsComplete": True}}))
        error = await closed(session)
        assert error.code == 1007
        assert "Unknown name \"turnsComplete\" at 'client_content'" in str(error)


async def test_a_bad_key_does_not_list_models(simulator):
    options = types.HttpOptions(base_url=simulator().removesuffix("v1"), api_version="v1beta")
    good, bad = (genai.Client(api_key=key, http_options=options) for key in ("good", "bad"))
    assert f"models/{MODEL}" in [model.name for model in good.models.list()]
    with pytest.raises(errors.ClientError) as refused:
        bad.models.list()
    assert refused.value.code == 400


async def test_every_message_of_the_simulator_fits_the_sdks_types(simulator, tmp_path):
    script = {
        "default": {
            "greeting": "Hello there.",
            "replies": [{"text": "Let me see.", "call": {"name": "end_lesson"}}, LONG_REPLY],
            "learner_says": ["I bought some apples"],
        },
        "unknown_events": False,
    }
    path = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    url = simulator(script).replace("http", "ws", 1).removesuffix("v1") + path
    seen: list[dict] = []
    async with websockets.connect(url, additional_headers={"x-goog-api-key": "good"}) as socket:

        async def send(**message):
            await socket.send(json.dumps(message))

        async def read_until(key):
            async with asyncio.timeout(PATIENCE_S):
                while not seen or key not in str(seen[-1]):
                    frame = await socket.recv()
                    assert isinstance(frame, bytes), "messages come in binary frames"
                    seen.append(json.loads(frame))
                seen.append({})

        setup = {"model": f"models/{MODEL}", "sessionResumption": {}, "inputAudioTranscription": {}, "outputAudioTranscription": {}}
        setup["tools"] = [{"functionDeclarations": [{"name": "end_lesson"}]}]
        await send(setup=setup)
        await read_until("setupComplete")
        await send(clientContent={"turns": [{"role": "user", "parts": [{"text": "[Greet.]"}]}], "turnComplete": True})
        await read_until("newHandle")
        for start in range(0, len(sound := speech(tmp_path, "Yesterday I bought some apples.")), 4_800):
            data = base64.b64encode(sound[start : start + 4_800]).decode()
            await send(realtimeInput={"audio": {"mimeType": "audio/pcm;rate=24000", "data": data}})
        await read_until("toolCall")
        await read_until("turnComplete")
        await send(realtimeInput={"text": "Go on"})
        await read_until("toolCallCancellation")
        await read_until("inlineData")
        await send(realtimeInput={"text": "Stop"})
        await read_until("interrupted")
        await read_until("turnComplete")

    messages = [message for message in seen if message]
    for message in messages:
        read = types.LiveServerMessage.model_validate(message, by_alias=True, by_name=False)
        assert read.model_dump(mode="json", by_alias=True, exclude_unset=True).keys() == message.keys()
    assert {key for message in messages for key in message} >= {
        "setupComplete", "serverContent", "toolCall", "toolCallCancellation", "sessionResumptionUpdate", "usageMetadata",
    }


async def test_a_recording_holds_what_was_sent_but_no_audio(simulator, tmp_path):
    record = tmp_path / "frames.jsonl"
    async with connected(simulator(record=record)) as session:
        await say(session, b"\x01\x02" * 2_400)
        await session.send_client_content(turns=text("Hello"))
        await turn(session)
    setup, sound, content = (json.loads(line) for line in record.read_text().splitlines())
    assert setup["setup"]["model"] == f"models/{MODEL}"
    assert len(sound["realtime_input"]["audio"]["data"]) < 10
    assert content["client_content"]["turnComplete"] is True
