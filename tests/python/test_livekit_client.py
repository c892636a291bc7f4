"""Someone else's client: LiveKit's own Python SDK (libwebrtc) talks with the tutor, with nothing but our token."""

from __future__ import annotations

import asyncio
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from livekit import rtc

import stack

RATE_HZ = 48_000
FRAME = RATE_HZ // 50
PATIENCE_S = 30
# Speech of the synthetic voice is far above this, comfort noise and silence far below.
AUDIBLE_RMS = 300
VISIBLE_STATES = {"initializing", "idle", "listening", "thinking", "speaking"}
# What stands for words that are still to come.
PLACEHOLDER = "…"


@pytest.fixture(scope="module")
def api_url():
    with stack.running_api() as url:
        yield url


def test_livekits_own_client_talks_with_the_tutor(api_url, tmp_path):
    token = stack.new_learner(api_url)
    given = stack.call("POST", f"{api_url}/sessions/default/token", {}, token)
    assert {"server_url", "participant_token", "room_name", "participant_identity", "conversation_id"} <= given.keys()
    asyncio.run(talk(given, spoken(tmp_path, "Good morning. I would like to learn some Portuguese today.")))


async def talk(given: dict, speech: np.ndarray) -> None:
    learner = given["participant_identity"]
    room = rtc.Room()
    heard = Heard()
    heard.listen_in(room)
    await room.connect(given["server_url"], given["participant_token"])
    try:
        assert room.local_participant.identity == learner
        microphone = rtc.AudioSource(RATE_HZ, 1, 40)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", microphone)
        await room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))

        tutor = await until("an agent with a state", lambda: agent_in(room))
        assert tutor.attributes["lk.agent.state"] in VISIBLE_STATES
        await until("the state in which the tutor can be talked to", lambda: tutor.attributes.get("lk.agent.state") in {"listening", "speaking"})
        await until("the greeting's sound", lambda: heard.audible_ms(tutor.identity) >= 300)
        await until("the greeting's words", lambda: heard.words(tutor.identity))
        await until("the end of the greeting", lambda: tutor.attributes.get("lk.agent.state") == "listening")

        audible_before, words_before = heard.audible_ms(tutor.identity), len(heard.words(tutor.identity))
        saying = asyncio.create_task(say(microphone, speech))
        try:
            await until("the learner's own words, from the learner", lambda: heard.words(learner))
            await until("the answer's sound", lambda: heard.audible_ms(tutor.identity) >= audible_before + 300)
            await until("the answer's words", lambda: len(heard.words(tutor.identity)) > words_before)
        finally:
            saying.cancel()
        assert set(heard.senders()) == {learner, tutor.identity}
    finally:
        # Before the room: a stream that is still open counts a disconnection as its failure.
        await heard.stop()
        await room.disconnect()


@dataclass
class Heard:
    """What came out of the room."""

    loud_frames: dict[str, int] = field(default_factory=dict)
    segments: dict[str, tuple[str, str]] = field(default_factory=dict)
    tasks: set[asyncio.Task] = field(default_factory=set)

    def listen_in(self, room: rtc.Room) -> None:
        def on_track(track: rtc.Track, _: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
            if track.kind == rtc.TrackKind.KIND_AUDIO:
                self.begin(self.measure(track, participant.identity))

        def on_text(reader: rtc.TextStreamReader, sender: str) -> None:
            self.begin(self.read(reader, sender))

        room.on("track_subscribed", on_track)
        room.register_text_stream_handler("lk.transcription", on_text)

    async def measure(self, track: rtc.Track, identity: str) -> None:
        async for event in rtc.AudioStream(track, sample_rate=24_000, num_channels=1, frame_size_ms=10):
            samples = np.frombuffer(event.frame.data, dtype=np.int16).astype(np.float64)
            if np.sqrt(np.mean(samples**2)) > AUDIBLE_RMS:
                self.loud_frames[identity] = self.loud_frames.get(identity, 0) + 1

    async def read(self, reader: rtc.TextStreamReader, sender: str) -> None:
        segment = reader.info.attributes["lk.segment_id"]
        text = ""
        self.segments[segment] = (sender, text)
        async for piece in reader:
            text += piece
            self.segments[segment] = (sender, text)

    def audible_ms(self, identity: str) -> int:
        return 10 * self.loud_frames.get(identity, 0)

    def words(self, sender: str) -> list[str]:
        return [text for who, text in self.segments.values() if who == sender and text.strip() not in ("", PLACEHOLDER)]

    def senders(self) -> list[str]:
        return [who for who, _ in self.segments.values()]

    def begin(self, listening) -> None:
        self.tasks.add(asyncio.ensure_future(listening))

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self.tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def until(what: str, found: Callable):
    """Waits until something can be found; says what did not come."""
    for _ in range(PATIENCE_S * 50):
        value = found()
        if value:
            return value
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what} did not come within {PATIENCE_S} s")


def agent_in(room: rtc.Room) -> rtc.RemoteParticipant | None:
    for participant in room.remote_participants.values():
        if participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT and "lk.agent.state" in participant.attributes:
            return participant
    return None


async def say(microphone: rtc.AudioSource, speech: np.ndarray) -> None:
    """Speaks once, then keeps the microphone open and silent, as a person's stays."""
    for start in range(0, len(speech) - FRAME, FRAME):
        await microphone.capture_frame(frame(speech[start : start + FRAME]))
    silence = np.zeros(FRAME, dtype=np.int16)
    while True:
        await microphone.capture_frame(frame(silence))


def frame(samples: np.ndarray) -> rtc.AudioFrame:
    return rtc.AudioFrame(samples.tobytes(), RATE_HZ, 1, len(samples))


def spoken(folder, text: str) -> np.ndarray:
    """Returns text in espeak-ng's voice, 48 kHz mono."""
    path = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-w", str(path), text], check=True)
    with wave.open(str(path)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    at = np.arange(int(len(samples) * RATE_HZ / rate_hz)) * (rate_hz / RATE_HZ)
    return np.interp(at, np.arange(len(samples)), samples).astype(np.int16)
