-- Background work. The row is the job: clients ask about it, and workers claim it in fair turns (src/platform/queue).
-- The queue library only wakes workers; it deletes what it finished, so nothing a client may ask about lives there.

CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  course_id uuid,
  kind text NOT NULL,
  scope text NOT NULL CHECK (scope IN ('prep', 'check')),
  -- Lower goes first among one tenant's jobs.
  priority smallint NOT NULL,
  -- While a job with this key waits or runs, another is not added.
  dedupe_key text,
  payload jsonb NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'error', 'cancelled')),
  progress real NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  result jsonb,
  error_code text,
  error_message text,
  attempts integer NOT NULL DEFAULT 0,
  max_attempts integer NOT NULL DEFAULT 5,
  -- While it runs: it is to stop. Once cancelled: what its kind does about that is still to be done.
  cancel_requested boolean NOT NULL DEFAULT false,
  run_after timestamptz NOT NULL DEFAULT now(),
  -- Who runs it: an advisory lock that dies with the process (src/platform/queue/worker-lock.ts).
  worker_id integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE SET NULL (course_id),
  CHECK ((status = 'running') = (worker_id IS NOT NULL)),
  CHECK ((status = 'error') = (error_code IS NOT NULL)),
  CHECK ((status IN ('done', 'error', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE INDEX jobs_course ON jobs (tenant_id, course_id);
CREATE INDEX jobs_waiting ON jobs (tenant_id, priority, id) WHERE status = 'queued';
CREATE INDEX jobs_running ON jobs (worker_id) WHERE status = 'running';
CREATE INDEX jobs_started ON jobs (tenant_id, started_at DESC) WHERE started_at IS NOT NULL;
CREATE INDEX jobs_cancelled ON jobs (id) WHERE status = 'cancelled' AND cancel_requested;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_dedupe ON jobs (tenant_id, dedupe_key) WHERE status IN ('queued', 'running');
CALL isolate_tenants('jobs');
GRANT SELECT, INSERT, UPDATE ON jobs TO course_supporter_tenant;

CREATE SEQUENCE worker_ids AS integer CYCLE;
GRANT USAGE ON SEQUENCE worker_ids TO course_supporter_operator;
