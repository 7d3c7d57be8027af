-- What the sweeper of the object store has to know (docs/decisions/0012-the-sweeper.md).

ALTER TABLE installation
  -- Which copy of the database this is: a restored one has another mark than the one that it remembers.
  ADD COLUMN database_mark text,
  -- Counts the passes; the bucket remembers it, too, and notices a database that was set back.
  ADD COLUMN storage_generation bigint NOT NULL DEFAULT 0,
  -- The process that sweeps, for as long as its claim is renewed.
  ADD COLUMN sweep_id uuid,
  ADD COLUMN sweep_until timestamptz,
  ADD COLUMN swept_at timestamptz;
GRANT UPDATE (database_mark, storage_generation, sweep_id, sweep_until, swept_at) ON installation
  TO course_supporter_operator;

-- Which objects have an owner is asked by their keys.
CREATE INDEX materials_object_key ON materials (object_key) WHERE object_key IS NOT NULL;
