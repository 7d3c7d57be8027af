-- What a tenant may store, and the uploads that are under way.

-- Null: no limit. 20 GiB.
ALTER TABLE tenants ADD COLUMN storage_quota_bytes bigint DEFAULT 21474836480 CHECK (storage_quota_bytes >= 0);

-- One row a tenant, kept by triggers: what its materials hold, and what its unfinished uploads have been promised.
CREATE TABLE storage_usage (
  tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  used_bytes bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  reserved_bytes bigint NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0)
);
CALL isolate_tenants('storage_usage');
GRANT SELECT ON storage_usage TO course_supporter_tenant;

-- An upload on its way to become the material of the same id. A finished one stays for a while, so that a client whose last answer was
-- lost learns that it is done.
CREATE TABLE uploads (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('streamed', 'resumable', 'direct')),
  source_type text CHECK (source_type IN ('video', 'presentation', 'text')),
  filename text CHECK (char_length(filename) BETWEEN 1 AND 255),
  content_type text CHECK (char_length(content_type) <= 255),
  external_id text CHECK (char_length(external_id) BETWEEN 1 AND 200),
  replaces_id uuid,
  -- As declared; null when the client did not say.
  size_bytes bigint CHECK (size_bytes >= 0),
  sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  reserved_bytes bigint NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
  object_key text NOT NULL UNIQUE CHECK (char_length(object_key) <= 500),
  -- The object store's own account of what it holds of the object so far.
  partial jsonb,
  offset_bytes bigint NOT NULL DEFAULT 0 CHECK (offset_bytes >= 0 AND offset_bytes <= size_bytes),
  -- Counts the requests that have written: one that was overtaken can no longer.
  writer integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  finished_at timestamptz,
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX uploads_course ON uploads (tenant_id, course_id);
CREATE INDEX uploads_expiry ON uploads (expires_at);
CALL isolate_tenants('uploads');
GRANT SELECT, INSERT, UPDATE, DELETE ON uploads TO course_supporter_tenant;

-- What an upload leaves when it goes unfinished may be parts, which no deletion of an object reaches.
ALTER TABLE discarded_objects ADD COLUMN unfinished boolean NOT NULL DEFAULT false;

CREATE FUNCTION discard_upload() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO discarded_objects (object_key, unfinished) VALUES (OLD.object_key, true)
    ON CONFLICT (object_key) DO UPDATE SET unfinished = true;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION discard_upload FROM PUBLIC;
CREATE TRIGGER uploads_discard AFTER DELETE ON uploads
  FOR EACH ROW WHEN (OLD.finished_at IS NULL) EXECUTE FUNCTION discard_upload();

-- Adds to a tenant's account, and refuses what would take it past its quota. What becomes less is never refused. The account's row is
-- locked until the transaction ends: two uploads cannot both take the last bytes. It runs as the operator, whose policy sees the row.
CREATE FUNCTION account_bytes(tenant uuid, used bigint, reserved bigint) RETURNS void
  LANGUAGE plpgsql AS $$
DECLARE
  total bigint;
BEGIN
  INSERT INTO storage_usage AS s (tenant_id, used_bytes, reserved_bytes)
    SELECT tenant, greatest(used, 0), greatest(reserved, 0) WHERE EXISTS (SELECT FROM tenants WHERE id = tenant)
    ON CONFLICT (tenant_id) DO UPDATE
      SET used_bytes = greatest(s.used_bytes + used, 0), reserved_bytes = greatest(s.reserved_bytes + reserved, 0)
    RETURNING used_bytes + reserved_bytes INTO total;
  IF used + reserved > 0 AND total > (SELECT storage_quota_bytes FROM tenants WHERE id = tenant) THEN
    RAISE EXCEPTION 'the storage quota is exceeded' USING ERRCODE = 'check_violation', CONSTRAINT = 'storage_quota';
  END IF;
END $$;
REVOKE ALL ON FUNCTION account_bytes FROM PUBLIC;

CREATE FUNCTION account_materials() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM account_bytes(NEW.tenant_id, NEW.size_bytes, 0);
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM account_bytes(OLD.tenant_id, -OLD.size_bytes, 0);
  ELSE
    PERFORM account_bytes(NEW.tenant_id, coalesce(NEW.size_bytes, 0) - coalesce(OLD.size_bytes, 0), 0);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION account_materials FROM PUBLIC;
CREATE TRIGGER materials_account_insert AFTER INSERT ON materials
  FOR EACH ROW WHEN (NEW.size_bytes > 0) EXECUTE FUNCTION account_materials();
CREATE TRIGGER materials_account_delete AFTER DELETE ON materials
  FOR EACH ROW WHEN (OLD.size_bytes > 0) EXECUTE FUNCTION account_materials();
CREATE TRIGGER materials_account_update AFTER UPDATE OF size_bytes ON materials
  FOR EACH ROW WHEN (NEW.size_bytes IS DISTINCT FROM OLD.size_bytes) EXECUTE FUNCTION account_materials();

CREATE FUNCTION account_uploads() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM account_bytes(NEW.tenant_id, 0, NEW.reserved_bytes);
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM account_bytes(OLD.tenant_id, 0, -OLD.reserved_bytes);
  ELSE
    PERFORM account_bytes(NEW.tenant_id, 0, NEW.reserved_bytes - OLD.reserved_bytes);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION account_uploads FROM PUBLIC;
CREATE TRIGGER uploads_account_insert AFTER INSERT ON uploads
  FOR EACH ROW WHEN (NEW.reserved_bytes > 0) EXECUTE FUNCTION account_uploads();
CREATE TRIGGER uploads_account_delete AFTER DELETE ON uploads
  FOR EACH ROW WHEN (OLD.reserved_bytes > 0) EXECUTE FUNCTION account_uploads();
CREATE TRIGGER uploads_account_update AFTER UPDATE OF reserved_bytes ON uploads
  FOR EACH ROW WHEN (NEW.reserved_bytes <> OLD.reserved_bytes) EXECUTE FUNCTION account_uploads();

-- What the client said its file would be, where only the worker can find out.
ALTER TABLE materials ADD COLUMN declared_sha256 text CHECK (declared_sha256 ~ '^[0-9a-f]{64}$');

INSERT INTO storage_usage (tenant_id, used_bytes)
  SELECT tenant_id, sum(size_bytes) FROM materials WHERE size_bytes > 0 GROUP BY tenant_id;
