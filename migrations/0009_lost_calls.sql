-- What is lost stays paid: attempts of a tenant that is deleted while they are under way, and a correction that comes once.

-- The reservation's attempt as a row `lost`, with the cost that was estimated when it began, as its provider has probably billed it.
CREATE FUNCTION write_lost_llm_call(lost llm_reservations) RETURNS void
  LANGUAGE sql AS $$
  INSERT INTO llm_calls
    SELECT (jsonb_populate_record(NULL::llm_calls, lost.call || jsonb_build_object(
      'id', lost.id, 'tenant_id', lost.tenant_id, 'job_id', lost.job_id, 'created_at', lost.created_at,
      'succeeded', false, 'outcome', 'lost', 'usage_source', 'estimated',
      'latency_ms', least(2147483647, (extract(epoch FROM now() - lost.created_at) * 1000)::bigint)))).*
    ON CONFLICT (id) DO NOTHING
$$;
REVOKE ALL ON FUNCTION write_lost_llm_call FROM PUBLIC;

-- Otherwise the reservations would go with the tenant, and their money with them: a killed process never comes back to write it down. The
-- tenant's row is locked by then, so that no attempt begins; all reservations are locked before any account, as everybody does.
CREATE FUNCTION settle_llm_calls_of_deleted() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  lost llm_reservations;
BEGIN
  PERFORM FROM llm_reservations r WHERE r.tenant_id = OLD.id ORDER BY r.month, r.id FOR UPDATE;
  FOR lost IN SELECT * FROM llm_reservations r WHERE r.tenant_id = OLD.id ORDER BY r.month, r.id LOOP
    DELETE FROM llm_reservations r WHERE r.id = lost.id;
    BEGIN
      PERFORM write_lost_llm_call(lost);
    EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
      -- One that the ledger does not take keeps nobody from being deleted; what was set aside is spent.
      PERFORM account_llm(lost.tenant_id, lost.month, lost.nano_usd, 0);
    END;
  END LOOP;
  RETURN OLD;
END $$;
REVOKE ALL ON FUNCTION settle_llm_calls_of_deleted FROM PUBLIC;
CREATE TRIGGER tenants_settle_llm_calls BEFORE DELETE ON tenants
  FOR EACH ROW EXECUTE FUNCTION settle_llm_calls_of_deleted();

-- Settles what killed processes left of the current tenant: the attempts of a job that starts anew, or (`job` null) all whose time is
-- over. Each becomes a row `lost` with the cost that was estimated when it began, as its provider has probably billed it. It does at most
-- 1000 of one month, the earliest: call it until it finds none.
CREATE OR REPLACE FUNCTION settle_lost_llm_calls(job uuid, OUT settled integer, OUT accounts llm_accounts)
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
    PERFORM write_lost_llm_call(lost);
    settled := settled + 1;
  END LOOP;
  IF settled > 0 THEN
    accounts := llm_accounts_after(tenant, of_month, accounts);
  END IF;
END $$;

-- Writes an attempt of the current tenant into the ledger and gives back what was set aside for it. One that was given up as lost and
-- ends after all is corrected, which is the only change that a row of the ledger ever sees: once, as a correction is never `lost` itself.
CREATE OR REPLACE FUNCTION settle_llm_call(call jsonb) RETURNS llm_accounts
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
    ) WHERE llm_calls.tenant_id = tenant AND llm_calls.outcome = 'lost' AND excluded.outcome <> 'lost';
  RETURN llm_accounts_after(tenant, of_month, accounts);
END $$;
