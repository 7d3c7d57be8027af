-- Tenants, their keys, and what every installation has once.
-- Two group roles exist before any migration runs (src/platform/db/roles.ts): course_supporter_tenant sees the rows of the
-- tenant named in app.tenant_id and no others; course_supporter_operator sees all and is entered on purpose only.

CREATE FUNCTION current_tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;

CREATE TABLE installation (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- Signs list cursors, so that a forged one is noticed by every process.
  secret bytea NOT NULL DEFAULT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'),
  created_at timestamptz NOT NULL DEFAULT now(),
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one)
);
INSERT INTO installation DEFAULT VALUES;
GRANT SELECT ON installation TO course_supporter_tenant, course_supporter_operator;

CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (char_length(name) BETWEEN 1 AND 200 AND name ~ '\S'),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY own_row ON tenants FOR SELECT TO course_supporter_tenant USING (id = current_tenant());
CREATE POLICY operator ON tenants TO course_supporter_operator USING (true) WITH CHECK (true);
GRANT SELECT ON tenants TO course_supporter_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO course_supporter_operator;

-- Called once for every table with a tenant_id: the two policies, enabled and forced, in one place.
CREATE PROCEDURE isolate_tenants(target regclass)
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY own_rows ON %s TO course_supporter_tenant
                  USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', target);
  EXECUTE format('CREATE POLICY operator ON %s TO course_supporter_operator USING (true) WITH CHECK (true)', target);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO course_supporter_operator', target);
END $$;

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  key_hash text NOT NULL UNIQUE CHECK (key_hash ~ '^[0-9a-f]{64}$'),
  key_prefix text NOT NULL CHECK (key_prefix ~ '^cs_(live|test)_[0-9a-f]{4}$'),
  label text CHECK (char_length(label) BETWEEN 1 AND 200),
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['prep', 'check']),
  rate_limit_prep integer NOT NULL DEFAULT 60 CHECK (rate_limit_prep BETWEEN 1 AND 100000),
  rate_limit_check integer NOT NULL DEFAULT 300 CHECK (rate_limit_check BETWEEN 1 AND 100000),
  is_active boolean NOT NULL DEFAULT true,
  expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id, id);
CREATE INDEX api_keys_prefix ON api_keys (key_prefix);
CALL isolate_tenants('api_keys');
GRANT SELECT ON api_keys TO course_supporter_tenant;

-- The one query of authentication. It runs before a tenant is known, hence SECURITY DEFINER; it can only look up one exact hash.
CREATE FUNCTION authenticate_key(hash text)
  RETURNS TABLE (
    key_id uuid, key_prefix text, label text, scopes text[], rate_limit_prep integer, rate_limit_check integer,
    expires_at timestamptz, expired boolean, tenant_id uuid, tenant_name text
  )
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
  SELECT k.id, k.key_prefix, k.label, k.scopes, k.rate_limit_prep, k.rate_limit_check,
         k.expires_at, coalesce(k.expires_at <= now(), false), t.id, t.name
  FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
  WHERE k.key_hash = hash AND k.is_active AND t.is_active;
END;
REVOKE ALL ON FUNCTION authenticate_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_key TO course_supporter_tenant;

-- One row a client's Idempotency-Key: claimed while the first request runs (with a lease), then holding its answer.
CREATE TABLE idempotency_keys (
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
  claim_id uuid NOT NULL,
  -- What was asked: operation and payload. Null while the payload is still arriving.
  fingerprint text,
  leased_until timestamptz NOT NULL,
  reply_status integer CHECK (reply_status BETWEEN 200 AND 299),
  reply_location text,
  reply_body jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
CALL isolate_tenants('idempotency_keys');
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO course_supporter_tenant;
