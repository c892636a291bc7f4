-- Which page of the learner's asked last for the token of the open conversation, by the name that it gave itself: a page that was
-- away learns from it that the conversation has moved on to another one. Null: it gave none.
-- A lock that is not had at once would hold up every write that comes after it.
SET LOCAL lock_timeout = '1s';

ALTER TABLE conversations
    ADD COLUMN learner_page text CONSTRAINT conversations_learner_page CHECK (learner_page ~ '^[A-Za-z0-9-]{1,64}$');
