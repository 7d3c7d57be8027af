-- Homework: what students hand in, how it was judged, and what people made of that.

-- The number of a student's next attempt at an exercise is taken here, so that two at once get two numbers.
CREATE TABLE attempt_counters (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  exercise_id uuid NOT NULL,
  student_id text NOT NULL CHECK (char_length(student_id) BETWEEN 1 AND 200),
  attempts integer NOT NULL CHECK (attempts >= 1),
  PRIMARY KEY (tenant_id, exercise_id, student_id),
  FOREIGN KEY (tenant_id, course_id, exercise_id) REFERENCES exercises (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX attempt_counters_course ON attempt_counters (tenant_id, course_id, exercise_id);
CREATE INDEX attempt_counters_student ON attempt_counters (tenant_id, student_id);
CALL isolate_tenants('attempt_counters');
GRANT SELECT, INSERT, UPDATE, DELETE ON attempt_counters TO course_supporter_tenant;

CREATE TABLE submissions (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  -- Where the exercise stood when this was handed in.
  lesson_id uuid NOT NULL,
  exercise_id uuid NOT NULL,
  structure_version integer NOT NULL,
  student_id text NOT NULL CHECK (char_length(student_id) BETWEEN 1 AND 200),
  attempt integer NOT NULL CHECK (attempt >= 1),
  -- A text, a number or an array of option ids. Of a file: its text, once that was read.
  answer jsonb,
  filename text CHECK (char_length(filename) BETWEEN 1 AND 255),
  content_type text,
  object_key text,
  size_bytes bigint CHECK (size_bytes > 0),
  sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  -- Of who answered what under which criteria: equal ones need no second check.
  fingerprint text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  -- The exercise as it was judged: kind, criteria, key and pass score, so that a later change moves no result.
  exercise jsonb NOT NULL,
  -- Of the feedback; null: the answer's own.
  language text CHECK (char_length(language) BETWEEN 2 AND 35),
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'checking', 'done', 'needs_review', 'rejected', 'error')),
  result jsonb,
  -- Of the latest human word; null when nobody looked.
  review jsonb,
  -- Why it is an error or was rejected. Of a rejection the student may read the message.
  error_code text,
  error_message text,
  job_id uuid,
  -- The job that graded it anew last, and what came of that: {job_id, outcome}.
  regraded jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  UNIQUE (tenant_id, exercise_id, student_id, attempt),
  UNIQUE (tenant_id, course_id, id),
  FOREIGN KEY (tenant_id, course_id, exercise_id) REFERENCES exercises (tenant_id, course_id, id) ON DELETE CASCADE,
  CHECK ((status IN ('queued', 'checking')) = (finished_at IS NULL)),
  CHECK (status <> 'error' OR error_code IS NOT NULL),
  CHECK (answer IS NOT NULL OR filename IS NOT NULL)
);
CREATE INDEX submissions_course ON submissions (tenant_id, course_id, id DESC);
CREATE INDEX submissions_updated ON submissions (tenant_id, course_id, updated_at);
CREATE INDEX submissions_student ON submissions (tenant_id, student_id, course_id);
CREATE INDEX submissions_exercise ON submissions (tenant_id, course_id, exercise_id);
CREATE INDEX submissions_reviewed ON submissions (tenant_id, course_id, exercise_id) WHERE review IS NOT NULL;
CREATE UNIQUE INDEX submissions_object ON submissions (object_key) WHERE object_key IS NOT NULL;
CREATE INDEX submissions_same ON submissions (tenant_id, exercise_id, student_id, fingerprint);
-- Students of a course in an order that no locale changes.
CREATE INDEX submissions_gradebook ON submissions (tenant_id, course_id, student_id COLLATE "C");
CREATE INDEX submissions_created ON submissions (tenant_id, created_at);
CALL isolate_tenants('submissions');
GRANT SELECT, INSERT, UPDATE, DELETE ON submissions TO course_supporter_tenant;
CREATE TRIGGER submissions_discard_object AFTER DELETE ON submissions
  FOR EACH ROW WHEN (OLD.object_key IS NOT NULL) EXECUTE FUNCTION discard_object();
-- Files of answers count as those of materials do.
CREATE TRIGGER submissions_account_insert AFTER INSERT ON submissions
  FOR EACH ROW WHEN (NEW.size_bytes > 0) EXECUTE FUNCTION account_materials();
CREATE TRIGGER submissions_account_delete AFTER DELETE ON submissions
  FOR EACH ROW WHEN (OLD.size_bytes > 0) EXECUTE FUNCTION account_materials();
CREATE TRIGGER submissions_account_update AFTER UPDATE OF size_bytes ON submissions
  FOR EACH ROW WHEN (NEW.size_bytes IS DISTINCT FROM OLD.size_bytes) EXECUTE FUNCTION account_materials();

-- Every time somebody or something judged a submission: kept whole, never changed, gone with the submission.
CREATE TABLE gradings (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  submission_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('llm', 'answer_key', 'gate', 'human')),
  provider text,
  model text,
  prompt_version text,
  -- What was asked, word by word, and what came back.
  questions jsonb NOT NULL DEFAULT '[]',
  replies jsonb NOT NULL DEFAULT '[]',
  -- What code made of it: each criterion's verdict, and what it changed in the model's and why.
  verdicts jsonb NOT NULL DEFAULT '[]',
  status text NOT NULL,
  result jsonb,
  -- Of a human.
  reviewer_id text CHECK (char_length(reviewer_id) BETWEEN 1 AND 200),
  comment text CHECK (char_length(comment) <= 10000),
  -- Criteria where a human's word differs from the model's: [{id, model, human}].
  differences jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, course_id, submission_id) REFERENCES submissions (tenant_id, course_id, id) ON DELETE CASCADE,
  CHECK ((kind = 'human') = (reviewer_id IS NOT NULL))
);
CREATE INDEX gradings_submission ON gradings (tenant_id, course_id, submission_id, id);
CALL isolate_tenants('gradings');
GRANT SELECT, INSERT, DELETE ON gradings TO course_supporter_tenant;

-- Criteria that were made of an exercise's free text, once for each such text.
CREATE TABLE split_criteria (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  exercise_id uuid NOT NULL,
  -- SHA-256 of the description and the free text that they were made of.
  source text NOT NULL CHECK (source ~ '^[0-9a-f]{64}$'),
  criteria jsonb NOT NULL,
  model text,
  prompt_version text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, exercise_id, source),
  FOREIGN KEY (tenant_id, course_id, exercise_id) REFERENCES exercises (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX split_criteria_course ON split_criteria (tenant_id, course_id, exercise_id);
CALL isolate_tenants('split_criteria');
GRANT SELECT, INSERT, DELETE ON split_criteria TO course_supporter_tenant;

-- What models answered about a submission goes with it.
ALTER TABLE llm_answers ADD COLUMN submission_id uuid;
ALTER TABLE llm_answers ADD FOREIGN KEY (tenant_id, course_id, submission_id)
  REFERENCES submissions (tenant_id, course_id, id) ON DELETE CASCADE;
CREATE INDEX llm_answers_submission ON llm_answers (tenant_id, course_id, submission_id);

-- Who was erased, without saying who: SHA-256 of tenant and student. A restored backup is searched for them. The same list is in the
-- object store, as a backup is older than what was erased after it.
CREATE TABLE erasures (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  student_hash text NOT NULL CHECK (student_hash ~ '^[0-9a-f]{64}$'),
  erased_at timestamptz NOT NULL DEFAULT now(),
  removed jsonb NOT NULL DEFAULT '{}',
  -- When it was written to the object store, too; null until then.
  copied_at timestamptz,
  PRIMARY KEY (tenant_id, student_hash, erased_at)
);
CREATE INDEX erasures_to_copy ON erasures (erased_at) WHERE copied_at IS NULL;
CALL isolate_tenants('erasures');
GRANT SELECT, INSERT ON erasures TO course_supporter_tenant;

-- The list goes with its tenant, and with it the other one.
CREATE FUNCTION discard_erasure() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO discarded_objects (object_key) VALUES ('erasures/' || OLD.tenant_id || '/' || OLD.student_hash || '.json')
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION discard_erasure FROM PUBLIC;
CREATE TRIGGER erasures_discard AFTER DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION discard_erasure();

ALTER TABLE tenants ADD COLUMN submissions_days integer NOT NULL DEFAULT 365 CHECK (submissions_days BETWEEN 1 AND 36500);

-- Where a service of a tenant wants to be told: what one service's key does here, the other's does not notice.
CREATE TABLE webhooks (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  scope text NOT NULL CHECK (scope IN ('prep', 'check')),
  url text NOT NULL CHECK (char_length(url) BETWEEN 1 AND 2048),
  events text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 50),
  -- Encrypted with the installation's own secret.
  secret bytea NOT NULL,
  -- Of the receiver, one after another; while it is paused nothing is sent.
  failures integer NOT NULL DEFAULT 0,
  paused_until timestamptz,
  -- Of the worker that delivers; not heard of for a while it is gone.
  claim_id uuid,
  claimed_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, scope)
);
CALL isolate_tenants('webhooks');
GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks TO course_supporter_tenant;

-- A message and how far it got: it is tried until it is delivered or a day is over.
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  event text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('prep', 'check')),
  payload jsonb NOT NULL,
  -- Whom it is about, if it is a person: it goes with them.
  student_id text CHECK (char_length(student_id) BETWEEN 1 AND 200),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  last_status integer,
  last_error text CHECK (char_length(last_error) <= 500),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Null once it is over.
  next_attempt_at timestamptz DEFAULT now(),
  last_attempt_at timestamptz,
  delivered_at timestamptz,
  CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX webhook_deliveries_tenant ON webhook_deliveries (tenant_id, id DESC);
-- In the order in which they are sent.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, scope, (attempts > 0), next_attempt_at, id)
  WHERE status = 'pending';
CREATE INDEX webhook_deliveries_student ON webhook_deliveries (tenant_id, student_id) WHERE student_id IS NOT NULL;
CREATE INDEX webhook_deliveries_created ON webhook_deliveries (created_at);
CALL isolate_tenants('webhook_deliveries');
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_deliveries TO course_supporter_tenant;
