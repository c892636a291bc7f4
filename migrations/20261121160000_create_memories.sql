-- What is kept of conversations for later ones. Words are encrypted, as those of turns are.

-- Models whose vectors are stored. Vectors of two models cannot be compared, so each model has an index of its own, which the
-- server makes with the model's first vectors (`<table>_hnsw_<id>`).
CREATE TABLE embedding_models (
    id         smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    dimensions integer NOT NULL CONSTRAINT embedding_models_dimensions CHECK (dimensions BETWEEN 1 AND 16000),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT embedding_models_name_key UNIQUE (name, dimensions)
);

-- A summary of one conversation, or one fact about the learner.
CREATE TABLE memories (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind             text NOT NULL CONSTRAINT memories_kind
        CHECK (kind IN ('summary', 'goal', 'level', 'mistake', 'interest', 'person')),
    -- Only of summaries: the conversation, and the last turn that is in it.
    conversation_id  uuid REFERENCES conversations (id) ON DELETE CASCADE,
    up_to_seq        integer CONSTRAINT memories_up_to_seq CHECK (up_to_seq >= 1),
    words_ciphertext bytea NOT NULL,
    words_nonce      bytea NOT NULL CONSTRAINT memories_words_nonce CHECK (octet_length(words_nonce) = 24),
    words_key_id     text NOT NULL,
    -- The model that wrote it.
    text_model       text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    -- When a conversation last bore it out.
    confirmed_at     timestamptz NOT NULL DEFAULT now(),
    -- Since when it is not true any more; it is told to nobody then.
    retired_at       timestamptz,
    CONSTRAINT memories_conversation_key UNIQUE (conversation_id),
    CONSTRAINT memories_summary_of_conversation CHECK (
        num_nulls(conversation_id, up_to_seq) = CASE WHEN kind = 'summary' THEN 0 ELSE 2 END
    )
);
CREATE INDEX memories_user_idx ON memories (user_id, kind, confirmed_at) WHERE retired_at IS NULL;

-- The conversations that a fact was taken from.
CREATE TABLE memory_sources (
    memory_id       uuid NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- Whether the fact may say what was said only there: it goes with the conversation.
    is_needed       boolean NOT NULL,
    PRIMARY KEY (memory_id, conversation_id)
);
CREATE INDEX memory_sources_conversation_idx ON memory_sources (conversation_id);

CREATE TABLE memory_vectors (
    memory_id  uuid NOT NULL REFERENCES memories (id) ON DELETE CASCADE,
    model_id   smallint NOT NULL REFERENCES embedding_models (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    embedding  vector NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (memory_id, model_id)
);
-- A learner has hundreds of memories, not millions: with this index Postgres mostly compares all of them, exactly.
CREATE INDEX memory_vectors_user_idx ON memory_vectors (user_id, model_id);
