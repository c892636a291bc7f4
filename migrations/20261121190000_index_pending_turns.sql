-- Turns that wait for their words are few; whoever looks for them reads no others.
CREATE INDEX turns_pending_idx ON turns (conversation_id) WHERE text_pending;
