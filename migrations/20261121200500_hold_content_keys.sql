-- Rotating the keys of words at rest, while several processes read and write.
-- A lock that is not had at once would hold up every write that comes after it.
SET LOCAL lock_timeout = '1s';

-- The keys that each living process holds, in the order of its file: the first one writes. It says so once a second.
CREATE TABLE content_key_readers (
    process uuid PRIMARY KEY,
    key_ids text[] NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
);

-- Keys that are being removed from the files, and those that were. Words under them could be read by nobody.
CREATE TABLE dropped_content_keys (
    key_id     text PRIMARY KEY,
    dropped_at timestamptz NOT NULL DEFAULT now()
);

-- Whoever did not notice that its key is gone must not write with it. Not an error of the values: written again, with the
-- keys that are in the file by then, they are taken.
CREATE FUNCTION refuse_dropped_content_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM dropped_content_keys WHERE key_id = NEW.words_key_id) THEN
        RAISE EXCEPTION 'the content key was dropped' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER turns_refuse_dropped_key BEFORE INSERT OR UPDATE OF words_key_id ON turns
    FOR EACH ROW EXECUTE FUNCTION refuse_dropped_content_key();
CREATE TRIGGER memories_refuse_dropped_key BEFORE INSERT OR UPDATE OF words_key_id ON memories
    FOR EACH ROW EXECUTE FUNCTION refuse_dropped_content_key();
CREATE TRIGGER material_keys_refuse_dropped_key BEFORE INSERT OR UPDATE OF words_key_id ON material_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_dropped_content_key();
