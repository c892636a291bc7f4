-- The fact that took this one's place: who forgets the newer one forgets the earlier wording with it.
ALTER TABLE memories ADD COLUMN replaced_by uuid REFERENCES memories (id) ON DELETE CASCADE;
CREATE INDEX memories_replaced_by_idx ON memories (replaced_by) WHERE replaced_by IS NOT NULL;

-- Up to which turn a conversation was read without anything to keep; what is kept says itself how far it goes (`memories.up_to_seq`).
ALTER TABLE conversations ADD COLUMN passed_over_to integer
    CONSTRAINT conversations_passed_over_to CHECK (passed_over_to >= 0);
