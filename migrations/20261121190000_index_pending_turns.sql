-- Turns that wait for their words are few; whoever looks for them reads no others.
-- Writes wait while it is built, a quarter of a second for a million turns. CONCURRENTLY they would not, but it waits for every
-- statement that began before it: for that of another server, too, which waits for us to migrate. One of both would fail.
SET LOCAL lock_timeout = '1s';
CREATE INDEX turns_pending_idx ON turns (conversation_id) WHERE text_pending;
