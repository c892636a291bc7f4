-- How often somebody began to read a document: one that kills its reader again and again is given up.
ALTER TABLE documents ADD COLUMN attempts smallint NOT NULL DEFAULT 0;

-- When a server last made or compared vectors with a model. The vectors of one that is still used are nobody's to remove.
ALTER TABLE embedding_models ADD COLUMN used_at timestamptz NOT NULL DEFAULT now();
