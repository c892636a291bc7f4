-- A learner's durable thread with the tutor.
CREATE TABLE sessions (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            text NOT NULL DEFAULT 'default',
    mode            text NOT NULL DEFAULT 'lesson'
        CONSTRAINT sessions_mode CHECK (mode IN ('lesson', 'mock_exam', 'free_talk')),
    -- BCP 47
    target_language text NOT NULL DEFAULT 'en',
    native_language text NOT NULL DEFAULT 'en',
    level           text CONSTRAINT sessions_level CHECK (level IN ('A1', 'A2', 'B1', 'B2', 'C1', 'C2')),
    -- Null: the provider's own default.
    voice           text,
    -- Null: the server's choice.
    provider        text CONSTRAINT sessions_provider CHECK (provider IN ('openai', 'gemini', 'simulator')),
    patience        text NOT NULL DEFAULT 'normal'
        CONSTRAINT sessions_patience CHECK (patience IN ('patient', 'normal', 'quick')),
    push_to_talk    boolean NOT NULL DEFAULT false,
    goal            text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    -- Every learner has one 'default', also under parallel first calls.
    CONSTRAINT sessions_user_name_key UNIQUE (user_id, name)
);
