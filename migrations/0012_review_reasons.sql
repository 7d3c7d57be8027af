-- Why a person has to look at a submission: [{code, criteria}], in a stable order; empty once somebody has.
ALTER TABLE submissions ADD COLUMN review_reasons jsonb NOT NULL DEFAULT '[]';
