-- What learners upload for their tutor. Nothing of it is stored readable: names, passages and files are encrypted with a key
-- of the learner's own, and that key with the content keys. A new content key therefore touches one row for each learner, and
-- with the row of a learner's key everything else of theirs becomes unreadable at once.
CREATE TABLE material_keys (
    user_id          uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    words_ciphertext bytea NOT NULL,
    words_nonce      bytea NOT NULL CONSTRAINT material_keys_words_nonce CHECK (octet_length(words_nonce) = 24),
    words_key_id     text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE documents (
    id             uuid PRIMARY KEY,
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind           text NOT NULL CONSTRAINT documents_kind
        CHECK (kind IN ('pdf', 'docx', 'pptx', 'html', 'markdown', 'text', 'epub')),
    -- Its file name and what it calls itself; the nonce is its beginning.
    sealed_names   bytea NOT NULL,
    size_bytes     bigint NOT NULL CONSTRAINT documents_size_bytes CHECK (size_bytes > 0),
    status         text NOT NULL DEFAULT 'waiting'
        CONSTRAINT documents_status CHECK (status IN ('waiting', 'reading', 'embedding', 'ready', 'failed')),
    failure        text,
    -- ISO 639-3, when it is plain.
    language       text,
    passage_count  integer NOT NULL DEFAULT 0 CONSTRAINT documents_passage_count CHECK (passage_count >= 0),
    embedded_count integer NOT NULL DEFAULT 0 CONSTRAINT documents_embedded_count CHECK (embedded_count >= 0),
    -- Whether the document went on after the last passage.
    is_cut         boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT documents_failed_with_reason CHECK ((status = 'failed') = (failure IS NOT NULL))
);
-- Newest first, page by page: ids are UUIDv7, so they sort by time.
CREATE INDEX documents_user_idx ON documents (user_id, id DESC);

CREATE TABLE passages (
    id           uuid PRIMARY KEY,
    document_id  uuid NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    seq          integer NOT NULL CONSTRAINT passages_seq CHECK (seq >= 1),
    page         integer,
    slide        integer,
    -- The heading and the words; the nonce is its beginning.
    sealed_words bytea NOT NULL,
    word_count   integer NOT NULL CONSTRAINT passages_word_count CHECK (word_count >= 0),
    -- Stems of the words, each replaced by a code that only the learner's key makes of it.
    stems        tsvector NOT NULL,
    CONSTRAINT passages_document_seq_key UNIQUE (document_id, seq),
    CONSTRAINT passages_one_place CHECK (num_nonnulls(page, slide) <= 1)
);
CREATE INDEX passages_user_idx ON passages (user_id);
-- Two learners' codes for one word differ, so the index finds only the learner's own passages.
CREATE INDEX passages_stems_idx ON passages USING gin (stems);

CREATE TABLE passage_vectors (
    passage_id uuid NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model_id   smallint NOT NULL REFERENCES embedding_models (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    embedding  vector NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (passage_id, model_id)
);
CREATE INDEX passage_vectors_user_idx ON passage_vectors (user_id, model_id);
