-- What was read from materials: how much text a tenant may keep, and the page that an address gave.

-- Null: no limit. 1 GiB.
ALTER TABLE tenants ADD COLUMN text_quota_bytes bigint DEFAULT 1073741824 CHECK (text_quota_bytes >= 0);

-- UTF-8 bytes of chunks and of the heading paths that stand with them; kept by triggers.
ALTER TABLE storage_usage ADD COLUMN text_bytes bigint NOT NULL DEFAULT 0 CHECK (text_bytes >= 0);

-- A page is read from what was fetched first: its bytes are the material's object, as a file's are.
ALTER TABLE materials
  ADD COLUMN fetched_at timestamptz,
  -- Where the redirects ended. Percent-encoding makes an address longer than it was written.
  ADD COLUMN fetched_url text CHECK (char_length(fetched_url) BETWEEN 1 AND 20000),
  -- What the page says its address is.
  ADD COLUMN canonical_url text CHECK (char_length(canonical_url) BETWEEN 1 AND 2048),
  ADD CHECK ((fetched_at IS NULL) = (fetched_url IS NULL)),
  ADD CHECK (fetched_at IS NULL OR (source_url IS NOT NULL AND object_key IS NOT NULL));

-- Chunks come and go, they never change: what changed would have to be accounted for, too.
REVOKE UPDATE ON material_chunks FROM course_supporter_tenant, course_supporter_operator;

-- Adds to a tenant's account of text as account_bytes does to that of files, under the same lock.
CREATE FUNCTION account_text(tenant uuid, bytes bigint) RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  total bigint;
BEGIN
  INSERT INTO storage_usage AS s (tenant_id, text_bytes)
    SELECT tenant, greatest(bytes, 0) WHERE EXISTS (SELECT FROM tenants WHERE id = tenant)
    ON CONFLICT (tenant_id) DO UPDATE SET text_bytes = greatest(s.text_bytes + bytes, 0)
    RETURNING text_bytes INTO total;
  IF bytes > 0 AND total > (SELECT text_quota_bytes FROM tenants WHERE id = tenant) THEN
    RAISE EXCEPTION 'the quota of text is exceeded' USING ERRCODE = 'check_violation', CONSTRAINT = 'text_quota';
  END IF;
END $$;
REVOKE ALL ON FUNCTION account_text FROM PUBLIC;

-- Once a statement, not once a row: a book is thousands of them.
CREATE FUNCTION account_chunks() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM account_text(tenant_id, CASE TG_OP WHEN 'INSERT' THEN bytes ELSE -bytes END) FROM (
    SELECT c.tenant_id, sum(octet_length(c.text) + coalesce(
      (SELECT sum(octet_length(h)) FROM jsonb_array_elements_text(c.locator -> 'heading') AS h), 0))::bigint AS bytes
    FROM changed c GROUP BY c.tenant_id) AS sums;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION account_chunks FROM PUBLIC;
CREATE TRIGGER material_chunks_account_insert AFTER INSERT ON material_chunks
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION account_chunks();
CREATE TRIGGER material_chunks_account_delete AFTER DELETE ON material_chunks
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION account_chunks();

INSERT INTO storage_usage AS s (tenant_id, text_bytes)
  SELECT c.tenant_id, sum(octet_length(c.text) + coalesce(
    (SELECT sum(octet_length(h)) FROM jsonb_array_elements_text(c.locator -> 'heading') AS h), 0))
  FROM material_chunks c GROUP BY c.tenant_id
  ON CONFLICT (tenant_id) DO UPDATE SET text_bytes = excluded.text_bytes;
