"""The official `openai` SDK asks the simulator for text and for vectors, so that it stands for the real server."""

from __future__ import annotations

from typing import Literal

import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

PROMPT = "tutor: Hello!\nlearner: I would like to travel to Lisbon."
MESSAGES = [{"role": "system", "content": "Sum it up."}, {"role": "user", "content": PROMPT}]


class Fact(BaseModel):
    kind: Literal["goal", "interest"]
    text: str
    certainty: float
    until: str | None


class Summary(BaseModel):
    summary: str
    facts: list[Fact]


@pytest.fixture
async def client(simulator):
    async with AsyncOpenAI(api_key="sk-good", base_url=simulator(), max_retries=0) as client:
        yield client


async def test_text_comes_whole_and_in_pieces(client):
    whole = await client.chat.completions.create(model="simulator", messages=MESSAGES)
    text = whole.choices[0].message.content
    assert "travel to Lisbon" in text and whole.choices[0].finish_reason == "stop" and whole.usage.completion_tokens > 0
    stream = await client.chat.completions.create(model="simulator", messages=MESSAGES, stream=True,
                                                  stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == text
    assert chunks[-1].usage == whole.usage and not chunks[-1].choices


async def test_an_answer_follows_the_schema(client):
    answer = await client.chat.completions.parse(model="simulator", messages=MESSAGES, response_format=Summary)
    summary = answer.choices[0].message.parsed
    assert "Lisbon" in summary.summary
    assert [fact.text for fact in summary.facts] == PROMPT.splitlines()


async def test_vectors_are_the_same_in_either_form(client):
    texts = ["I travel to Lisbon", "To Lisbon I travel", "My cat sleeps"]
    # The SDK asks for base64 unless told otherwise.
    coded = await client.embeddings.create(model="simulator", input=texts)
    plain = await client.embeddings.create(model="simulator", input=texts, encoding_format="float")
    vectors = [item.embedding for item in coded.data]
    for vector, other in zip(vectors, plain.data):
        assert vector == pytest.approx(other.embedding, abs=1e-6)
    likeness = [sum(a * b for a, b in zip(vectors[0], vector)) for vector in vectors]
    assert len(vectors[0]) == 384 and likeness[1] == pytest.approx(1) and likeness[2] < 0.5


async def test_what_is_wrong_is_refused_as_the_real_server_does(simulator):
    async with AsyncOpenAI(api_key="sk-wrong", base_url=simulator(), max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.chat.completions.create(model="simulator", messages=MESSAGES)
    async with AsyncOpenAI(api_key="sk-good", base_url=simulator(), max_retries=0) as client:
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(model="simulator", messages=[])
        with pytest.raises(openai.BadRequestError):
            await client.embeddings.create(model="simulator", input="")


async def test_the_script_says_what_is_written_and_what_fails(simulator):
    script = {"writing": {
        "answers": [{"prompt_contains": "lisbon", "answer": "Goes to Lisbon."}],
        "faults": [{"kind": "http_status", "status": 429, "code": "rate_limit_exceeded", "retry_after_s": 7}],
    }}
    async with AsyncOpenAI(api_key="sk-good", base_url=simulator(script), max_retries=0) as client:
        with pytest.raises(openai.RateLimitError) as refused:
            await client.chat.completions.create(model="simulator", messages=MESSAGES)
        assert refused.value.response.headers["retry-after"] == "7"
        answer = await client.chat.completions.create(model="simulator", messages=MESSAGES)
        assert answer.choices[0].message.content == "Goes to Lisbon."
