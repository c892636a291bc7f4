-- How long a reply made the learner wait, from the end of their speech: `latency_ms` is to the first packet out.
ALTER TABLE turns
    ADD COLUMN first_audio_ms integer CONSTRAINT turns_first_audio_ms CHECK (first_audio_ms >= 0),
    ADD COLUMN first_heard_ms integer CONSTRAINT turns_first_heard_ms CHECK (first_heard_ms >= 0);

-- What the providers' own accounts say, one row for each. It outlives the conversation, so that deleting one gives back
-- nothing of what was spent; it holds no words. (`turns.usage` is not written any more.)
CREATE TABLE usage_entries (
    id                  uuid PRIMARY KEY,
    user_id             uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    conversation_id     uuid REFERENCES conversations (id) ON DELETE SET NULL,
    turn_id             uuid REFERENCES turns (id) ON DELETE SET NULL,
    provider            text NOT NULL,
    model               text NOT NULL,
    input_text_tokens   bigint NOT NULL CONSTRAINT usage_input_text CHECK (input_text_tokens >= 0),
    input_audio_tokens  bigint NOT NULL CONSTRAINT usage_input_audio CHECK (input_audio_tokens >= 0),
    -- Of the tokens in, those that were cached.
    cached_tokens       bigint NOT NULL CONSTRAINT usage_cached CHECK (cached_tokens >= 0),
    output_text_tokens  bigint NOT NULL CONSTRAINT usage_output_text CHECK (output_text_tokens >= 0),
    output_audio_tokens bigint NOT NULL CONSTRAINT usage_output_audio CHECK (output_audio_tokens >= 0),
    -- In millionths of the currency of the price table, at the price of that day. Null: the model had no price.
    cost_micros         bigint CONSTRAINT usage_cost CHECK (cost_micros >= 0),
    happened_at         timestamptz NOT NULL
);
CREATE INDEX usage_entries_user_idx ON usage_entries (user_id, happened_at);
CREATE INDEX usage_entries_conversation_idx ON usage_entries (conversation_id);
CREATE INDEX usage_entries_turn_idx ON usage_entries (turn_id);
CREATE INDEX usage_entries_happened_idx ON usage_entries (happened_at);
