-- What language models cost. Money is whole nano-USD. The ledger outlives what it billed: no foreign keys, so that deleting a
-- course or a tenant leaves its rows, nameless.

CREATE TABLE llm_calls (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid,
  job_id uuid,
  action text NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  succeeded boolean NOT NULL,
  tokens_in bigint NOT NULL CHECK (tokens_in >= 0),
  tokens_out bigint NOT NULL CHECK (tokens_out >= 0),
  -- Null when the price is not known, which is not the same as free.
  cost_nano_usd bigint CHECK (cost_nano_usd >= 0),
  latency_ms integer NOT NULL CHECK (latency_ms >= 0),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX llm_calls_time ON llm_calls (tenant_id, created_at);
CALL isolate_tenants('llm_calls');
GRANT SELECT, INSERT ON llm_calls TO course_supporter_tenant;
