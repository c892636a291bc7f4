-- One live sitting of a session. While it is open it is also the unit of work that agent runtimes claim.
--
-- Channels of LISTEN/NOTIFY (only hints: whoever listens also polls, and reads again after a reconnect):
--   avaaz_work          a conversation may wait for a runtime; empty payload
--   avaaz_conversation  something outside the runtime changed it (settings, end); payload: its id
CREATE TABLE conversations (
    id               uuid PRIMARY KEY,
    session_id       uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    mode             text NOT NULL CONSTRAINT conversations_mode CHECK (mode IN ('lesson', 'mock_exam', 'free_talk')),
    -- What was asked for when it was opened: a later change of the session's voice or provider waits for the next conversation.
    wanted_voice     text,
    wanted_provider  text,
    -- What serves it.
    provider         text,
    model            text,
    started_at       timestamptz NOT NULL DEFAULT now(),
    ended_at         timestamptz,
    end_reason       text CONSTRAINT conversations_end_reason
        CHECK (end_reason IN ('learner_ended', 'learner_gone', 'tutor_ended', 'time_limit', 'provider_failed')),
    learner_present  boolean NOT NULL DEFAULT false,
    -- Since when the learner is away: from the opening until they join, then from each leave. Null while present.
    learner_away_since timestamptz DEFAULT now(),
    last_turn_seq    integer NOT NULL DEFAULT 0 CONSTRAINT conversations_last_turn_seq CHECK (last_turn_seq >= 0),

    -- The lease. The epoch grows with every claim, and every write of a runtime names it: whoever lost the lease writes nothing.
    -- An ended conversation keeps its last holder, so that the words of its last turns can still arrive.
    lease_epoch      bigint NOT NULL DEFAULT 0,
    lease_runtime    uuid,
    lease_expires_at timestamptz,
    -- Since when it waits for a runtime; the longest wait is served first.
    waiting_since    timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT conversations_ended_with_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CONSTRAINT conversations_ended_after_start CHECK (ended_at >= started_at),
    CONSTRAINT conversations_lease_whole CHECK ((lease_runtime IS NULL) = (lease_expires_at IS NULL)),
    CONSTRAINT conversations_away_or_present CHECK (learner_present = (learner_away_since IS NULL))
);
-- At most one open conversation per session, also under parallel calls.
CREATE UNIQUE INDEX conversations_one_open_key ON conversations (session_id) WHERE ended_at IS NULL;
-- Newest first, page by page: ids are UUIDv7, so they sort by time.
CREATE INDEX conversations_session_idx ON conversations (session_id, id DESC);
CREATE INDEX conversations_open_idx ON conversations (waiting_since) WHERE ended_at IS NULL;

-- One speaker holding the floor.
CREATE TABLE turns (
    id               uuid PRIMARY KEY,
    conversation_id  uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq              integer NOT NULL CONSTRAINT turns_seq CHECK (seq >= 1),
    speaker          text NOT NULL CONSTRAINT turns_speaker CHECK (speaker IN ('learner', 'tutor')),
    -- The words are never stored readable. The key's id stands beside each text, so that keys can rotate.
    words_ciphertext bytea,
    words_nonce      bytea CONSTRAINT turns_words_nonce CHECK (octet_length(words_nonce) = 24),
    words_key_id     text,
    text_pending     boolean NOT NULL DEFAULT false,
    started_at       timestamptz NOT NULL,
    ended_at         timestamptz NOT NULL,
    interrupted      boolean NOT NULL DEFAULT false,
    heard_ms         integer CONSTRAINT turns_heard_ms CHECK (heard_ms >= 0),
    latency_ms       integer CONSTRAINT turns_latency_ms CHECK (latency_ms >= 0),
    provider         text,
    model            text,
    usage            jsonb,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT turns_conversation_seq_key UNIQUE (conversation_id, seq),
    CONSTRAINT turns_ended_after_start CHECK (ended_at >= started_at),
    CONSTRAINT turns_words_whole CHECK (
        num_nulls(words_ciphertext, words_nonce, words_key_id) = CASE WHEN text_pending THEN 3 ELSE 0 END
    )
);
