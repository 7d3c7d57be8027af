-- Money that language models cost: the whole account of every attempt, budgets that hold under concurrency, and answers that were paid for.

-- Of one UTC month, in nano-USD. Null: no limit. 10 USD.
ALTER TABLE tenants ADD COLUMN monthly_budget_nano_usd bigint DEFAULT 10000000000 CHECK (monthly_budget_nano_usd >= 0);
-- The providers that may see this tenant's materials. Null: all that are configured.
ALTER TABLE tenants ADD COLUMN llm_providers text[] CHECK (cardinality(llm_providers) BETWEEN 1 AND 20);

-- One row an attempt. `id` and `created_at` are of its beginning; once it has ended, nothing in it is ever changed.
ALTER TABLE llm_calls
  ADD COLUMN strategy text NOT NULL DEFAULT 'default',
  -- The model's place in the chain that was walked: `quality/1`, then `default/2`.
  ADD COLUMN strategy_path text,
  ADD COLUMN prompt_version text,
  -- Counts from 1 within one question.
  ADD COLUMN attempt integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),
  ADD COLUMN outcome text,
  -- reported: the provider said so; estimated: it could not any more; none: nothing was used.
  ADD COLUMN usage_source text NOT NULL DEFAULT 'reported' CHECK (usage_source IN ('reported', 'estimated', 'none')),
  ADD COLUMN tokens_fresh bigint NOT NULL DEFAULT 0 CHECK (tokens_fresh >= 0),
  ADD COLUMN tokens_cache_read bigint NOT NULL DEFAULT 0 CHECK (tokens_cache_read >= 0),
  ADD COLUMN tokens_cache_write bigint NOT NULL DEFAULT 0 CHECK (tokens_cache_write >= 0),
  ADD COLUMN tokens_reasoning bigint NOT NULL DEFAULT 0 CHECK (tokens_reasoning >= 0),
  -- Of audio that was transcribed.
  ADD COLUMN milliseconds bigint CHECK (milliseconds >= 0),
  -- The prices that were applied, in nano-USD for a million tokens (or an hour): a later price does not move history.
  ADD COLUMN price jsonb;
UPDATE llm_calls SET tokens_fresh = tokens_in, outcome = CASE WHEN succeeded THEN 'answered' ELSE 'failed' END;
ALTER TABLE llm_calls
  ALTER COLUMN outcome SET NOT NULL,
  ADD CONSTRAINT llm_calls_input CHECK (tokens_fresh + tokens_cache_read + tokens_cache_write = tokens_in),
  ADD CONSTRAINT llm_calls_reasoning CHECK (tokens_reasoning <= tokens_out);
-- Money is written by the functions below and by nothing else.
REVOKE INSERT ON llm_calls FROM course_supporter_tenant;
REVOKE INSERT, UPDATE, DELETE ON llm_calls FROM course_supporter_operator;
CREATE INDEX llm_calls_job ON llm_calls (tenant_id, job_id) WHERE job_id IS NOT NULL;

-- What one UTC month has cost so far, and what calls under way may still cost: per tenant, and of the whole installation.
-- No foreign key: the money of a deleted tenant stays spent.
CREATE TABLE llm_spending (
  tenant_id uuid NOT NULL,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  spent_nano_usd bigint NOT NULL DEFAULT 0 CHECK (spent_nano_usd >= 0),
  reserved_nano_usd bigint NOT NULL DEFAULT 0 CHECK (reserved_nano_usd >= 0),
  PRIMARY KEY (tenant_id, month)
);
CALL isolate_tenants('llm_spending');
REVOKE INSERT, UPDATE, DELETE ON llm_spending FROM course_supporter_operator;
GRANT SELECT ON llm_spending TO course_supporter_tenant;

CREATE TABLE llm_spending_total (
  month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
  spent_nano_usd bigint NOT NULL DEFAULT 0 CHECK (spent_nano_usd >= 0),
  reserved_nano_usd bigint NOT NULL DEFAULT 0 CHECK (reserved_nano_usd >= 0)
);
GRANT SELECT ON llm_spending_total TO course_supporter_operator;

INSERT INTO llm_spending (tenant_id, month, spent_nano_usd)
  SELECT tenant_id, date_trunc('month', created_at AT TIME ZONE 'UTC')::date, coalesce(sum(cost_nano_usd), 0)
  FROM llm_calls GROUP BY 1, 2;
INSERT INTO llm_spending_total (month, spent_nano_usd)
  SELECT month, sum(spent_nano_usd) FROM llm_spending GROUP BY month;

-- An attempt under way: the most that it may cost, set aside before anything is sent. Its row goes in the transaction that writes the
-- ledger's; one that is left by a killed process is settled by whoever finds it.
CREATE TABLE llm_reservations (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  job_id uuid,
  month date NOT NULL,
  nano_usd bigint NOT NULL CHECK (nano_usd >= 0),
  -- What the ledger is told if the attempt is never heard of again: a row of llm_calls.
  call jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX llm_reservations_tenant ON llm_reservations (tenant_id, job_id);
CREATE INDEX llm_reservations_expiry ON llm_reservations (expires_at);
CALL isolate_tenants('llm_reservations');
REVOKE INSERT, UPDATE, DELETE ON llm_reservations FROM course_supporter_operator;
GRANT SELECT ON llm_reservations TO course_supporter_tenant;

-- Both accounts follow the rows, whoever writes them. Locks are taken in one order, always: the tenant, its reservation, its account of the
-- month, the installation's. So a transaction changes one tenant's accounts only, and of several months the earlier first.
CREATE FUNCTION account_llm(tenant uuid, of_month date, spent bigint, reserved bigint) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO llm_spending AS s (tenant_id, month, spent_nano_usd, reserved_nano_usd)
    VALUES (tenant, of_month, greatest(spent, 0), greatest(reserved, 0))
    ON CONFLICT (tenant_id, month) DO UPDATE
      SET spent_nano_usd = s.spent_nano_usd + spent, reserved_nano_usd = s.reserved_nano_usd + reserved;
  INSERT INTO llm_spending_total AS s (month, spent_nano_usd, reserved_nano_usd)
    VALUES (of_month, greatest(spent, 0), greatest(reserved, 0))
    ON CONFLICT (month) DO UPDATE
      SET spent_nano_usd = s.spent_nano_usd + spent, reserved_nano_usd = s.reserved_nano_usd + reserved;
END $$;
REVOKE ALL ON FUNCTION account_llm FROM PUBLIC;

CREATE FUNCTION account_llm_call() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM account_llm(NEW.tenant_id, date_trunc('month', NEW.created_at AT TIME ZONE 'UTC')::date,
    coalesce(NEW.cost_nano_usd, 0) - CASE WHEN TG_OP = 'UPDATE' THEN coalesce(OLD.cost_nano_usd, 0) ELSE 0 END, 0);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION account_llm_call FROM PUBLIC;
CREATE TRIGGER llm_calls_account AFTER INSERT OR UPDATE OF cost_nano_usd ON llm_calls
  FOR EACH ROW EXECUTE FUNCTION account_llm_call();

CREATE FUNCTION account_llm_reservation() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM account_llm(NEW.tenant_id, NEW.month, 0, NEW.nano_usd);
  ELSE
    PERFORM account_llm(OLD.tenant_id, OLD.month, 0, -OLD.nano_usd);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION account_llm_reservation FROM PUBLIC;
CREATE TRIGGER llm_reservations_account AFTER INSERT OR DELETE ON llm_reservations
  FOR EACH ROW EXECUTE FUNCTION account_llm_reservation();

-- Which budget of the month has no room for `amount` more: `tenant`, `installation`, or null.
CREATE FUNCTION exhausted_llm_budget(tenant uuid, of_month date, amount bigint, installation_limit bigint) RETURNS text
  LANGUAGE sql AS $$
  SELECT CASE
    WHEN amount + coalesce((
        SELECT s.spent_nano_usd + s.reserved_nano_usd FROM llm_spending s WHERE s.tenant_id = tenant AND s.month = of_month
      ), 0) > (SELECT t.monthly_budget_nano_usd FROM tenants t WHERE t.id = tenant) THEN 'tenant'
    WHEN amount + coalesce((
        SELECT s.spent_nano_usd + s.reserved_nano_usd FROM llm_spending_total s WHERE s.month = of_month
      ), 0) > installation_limit THEN 'installation'
  END
$$;
REVOKE ALL ON FUNCTION exhausted_llm_budget FROM PUBLIC;

-- Which budget the current tenant finds used up, before it begins anything: `tenant`, `installation`, or null.
CREATE FUNCTION find_exhausted_llm_budget(installation_limit bigint) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN exhausted_llm_budget(current_tenant(), date_trunc('month', now() AT TIME ZONE 'UTC')::date, 1, installation_limit);
END $$;
REVOKE ALL ON FUNCTION find_exhausted_llm_budget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_exhausted_llm_budget TO course_supporter_tenant;

-- Sets money aside for an attempt of the current tenant, or says why not: `tenant`, `installation` (which budget is exhausted) or
-- `unpriced` (there is a budget, and `nano_usd` is null). Null: it is set aside. Whoever asks next waits until this transaction ends.
CREATE FUNCTION reserve_llm_call(call jsonb, nano_usd bigint, lease_seconds integer, installation_limit bigint) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  tenant constant uuid := current_tenant();
  this_month constant date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
  budget bigint;
  exhausted text;
BEGIN
  SELECT t.monthly_budget_nano_usd INTO STRICT budget FROM tenants t WHERE t.id = tenant FOR KEY SHARE;
  IF nano_usd IS NULL AND (budget IS NOT NULL OR installation_limit IS NOT NULL) THEN
    RETURN 'unpriced';
  END IF;
  PERFORM account_llm(tenant, this_month, 0, 0);
  exhausted := exhausted_llm_budget(tenant, this_month, coalesce(nano_usd, 0), installation_limit);
  IF exhausted IS NOT NULL THEN
    RETURN exhausted;
  END IF;
  INSERT INTO llm_reservations (id, tenant_id, job_id, month, nano_usd, call, expires_at)
    VALUES ((call ->> 'id')::uuid, tenant, (call ->> 'job_id')::uuid, this_month, coalesce(nano_usd, 0), call,
      now() + make_interval(secs => lease_seconds));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION reserve_llm_call FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reserve_llm_call TO course_supporter_tenant;

-- A month's accounts before and after a change, so that whoever made it knows which lines it crossed.
CREATE TYPE llm_accounts AS (
  month text, budget_nano_usd bigint, spent_before_nano_usd bigint, spent_after_nano_usd bigint,
  total_before_nano_usd bigint, total_after_nano_usd bigint
);

-- Locks a month's accounts and reads them.
CREATE FUNCTION llm_accounts_of(tenant uuid, of_month date) RETURNS llm_accounts
  LANGUAGE plpgsql AS $$
DECLARE
  accounts llm_accounts;
BEGIN
  PERFORM account_llm(tenant, of_month, 0, 0);
  accounts.month := to_char(of_month, 'YYYY-MM');
  SELECT t.monthly_budget_nano_usd INTO accounts.budget_nano_usd FROM tenants t WHERE t.id = tenant;
  SELECT s.spent_nano_usd INTO accounts.spent_before_nano_usd FROM llm_spending s WHERE s.tenant_id = tenant AND s.month = of_month;
  SELECT s.spent_nano_usd INTO accounts.total_before_nano_usd FROM llm_spending_total s WHERE s.month = of_month;
  RETURN accounts;
END $$;
REVOKE ALL ON FUNCTION llm_accounts_of FROM PUBLIC;

-- The same accounts with what they have become.
CREATE FUNCTION llm_accounts_after(tenant uuid, of_month date, accounts llm_accounts) RETURNS llm_accounts
  LANGUAGE plpgsql AS $$
BEGIN
  SELECT s.spent_nano_usd INTO accounts.spent_after_nano_usd FROM llm_spending s WHERE s.tenant_id = tenant AND s.month = of_month;
  SELECT s.spent_nano_usd INTO accounts.total_after_nano_usd FROM llm_spending_total s WHERE s.month = of_month;
  RETURN accounts;
END $$;
REVOKE ALL ON FUNCTION llm_accounts_after FROM PUBLIC;

-- Writes an attempt of the current tenant into the ledger and gives back what was set aside for it. One that was given up as lost and
-- ends after all is corrected, which is the only change that a row of the ledger ever sees.
CREATE FUNCTION settle_llm_call(call jsonb) RETURNS llm_accounts
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  tenant constant uuid := current_tenant();
  entry llm_calls := jsonb_populate_record(NULL::llm_calls, call || jsonb_build_object('tenant_id', tenant));
  of_month date;
  accounts llm_accounts;
BEGIN
  IF EXISTS (SELECT FROM llm_reservations r WHERE r.id = entry.id AND r.tenant_id <> tenant)
    OR EXISTS (SELECT FROM llm_calls c WHERE c.id = entry.id AND c.tenant_id <> tenant) THEN
    RAISE EXCEPTION 'the attempt % is not of this tenant', entry.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT r.created_at INTO entry.created_at FROM llm_reservations r WHERE r.id = entry.id AND r.tenant_id = tenant FOR UPDATE;
  IF NOT FOUND THEN
    entry.created_at := coalesce((SELECT c.created_at FROM llm_calls c WHERE c.id = entry.id AND c.tenant_id = tenant), now());
  END IF;
  of_month := date_trunc('month', entry.created_at AT TIME ZONE 'UTC')::date;
  accounts := llm_accounts_of(tenant, of_month);
  DELETE FROM llm_reservations r WHERE r.id = entry.id AND r.tenant_id = tenant;
  INSERT INTO llm_calls SELECT entry.*
    ON CONFLICT (id) DO UPDATE SET (
      succeeded, outcome, usage_source, tokens_in, tokens_out, tokens_fresh, tokens_cache_read, tokens_cache_write, tokens_reasoning,
      milliseconds, cost_nano_usd, price, latency_ms
    ) = ROW (
      excluded.succeeded, excluded.outcome, excluded.usage_source, excluded.tokens_in, excluded.tokens_out, excluded.tokens_fresh,
      excluded.tokens_cache_read, excluded.tokens_cache_write, excluded.tokens_reasoning, excluded.milliseconds,
      excluded.cost_nano_usd, excluded.price, excluded.latency_ms
    ) WHERE llm_calls.tenant_id = tenant AND llm_calls.outcome = 'lost';
  RETURN llm_accounts_after(tenant, of_month, accounts);
END $$;
REVOKE ALL ON FUNCTION settle_llm_call FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_llm_call TO course_supporter_tenant;

-- Settles what killed processes left of the current tenant: the attempts of a job that starts anew, or (`job` null) all whose time is
-- over. Each becomes a row `lost` with the cost that was estimated when it began, as its provider has probably billed it. It does at most
-- 1000 of one month, the earliest: call it until it finds none.
CREATE FUNCTION settle_lost_llm_calls(job uuid, OUT settled integer, OUT accounts llm_accounts)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  tenant constant uuid := current_tenant();
  of_month date;
  lost llm_reservations;
BEGIN
  settled := 0;
  FOR lost IN
    SELECT * FROM llm_reservations r
    WHERE r.tenant_id = tenant AND CASE WHEN job IS NULL THEN r.expires_at < now() ELSE r.job_id = job END
    ORDER BY r.month, r.id LIMIT 1000
    FOR UPDATE SKIP LOCKED
  LOOP
    IF of_month IS NULL THEN
      of_month := lost.month;
      accounts := llm_accounts_of(tenant, of_month);
    END IF;
    EXIT WHEN lost.month <> of_month;
    DELETE FROM llm_reservations r WHERE r.id = lost.id;
    INSERT INTO llm_calls
      SELECT (jsonb_populate_record(NULL::llm_calls, lost.call || jsonb_build_object(
        'id', lost.id, 'tenant_id', tenant, 'job_id', lost.job_id, 'created_at', lost.created_at,
        'succeeded', false, 'outcome', 'lost', 'usage_source', 'estimated',
        'latency_ms', least(2147483647, (extract(epoch FROM now() - lost.created_at) * 1000)::bigint)))).*
      ON CONFLICT (id) DO NOTHING;
    settled := settled + 1;
  END LOOP;
  IF settled > 0 THEN
    accounts := llm_accounts_after(tenant, of_month, accounts);
  END IF;
END $$;
REVOKE ALL ON FUNCTION settle_lost_llm_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_lost_llm_calls TO course_supporter_tenant;

-- Answers that were paid for, by what was asked: never bought twice, whatever becomes of the job. `fingerprint` covers prompt, materials
-- and chain of models. What an answer was made from takes it along when it goes.
CREATE TABLE llm_answers (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  fingerprint text NOT NULL CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  material_id uuid,
  step text NOT NULL,
  answer jsonb NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  prompt_version text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, course_id, fingerprint),
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, course_id, material_id) REFERENCES materials (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX llm_answers_material ON llm_answers (tenant_id, course_id, material_id);
CREATE INDEX llm_answers_age ON llm_answers (created_at);
CALL isolate_tenants('llm_answers');
GRANT SELECT, INSERT, DELETE ON llm_answers TO course_supporter_tenant;

-- What a generated structure was made from: equal ones need not be made again. Null for others.
ALTER TABLE structures ADD COLUMN fingerprint text CHECK (fingerprint ~ '^[0-9a-f]{64}$');
