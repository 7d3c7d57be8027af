-- Courses, their materials and the text that was extracted from them.

CREATE TABLE courses (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
  external_id text CHECK (char_length(external_id) BETWEEN 1 AND 200),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 500 AND title ~ '\S'),
  description text CHECK (char_length(description) <= 10000),
  learning_goal text CHECK (char_length(learning_goal) <= 10000),
  -- The structure that is shown; null until there is one.
  current_version integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, external_id)
);
CALL isolate_tenants('courses');
GRANT SELECT, INSERT, UPDATE, DELETE ON courses TO course_supporter_tenant;

CREATE TABLE materials (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  external_id text CHECK (char_length(external_id) BETWEEN 1 AND 200),
  source_type text NOT NULL CHECK (source_type IN ('video', 'presentation', 'text', 'web')),
  source_url text CHECK (char_length(source_url) BETWEEN 1 AND 2048),
  filename text CHECK (char_length(filename) BETWEEN 1 AND 255),
  content_type text CHECK (char_length(content_type) <= 255),
  size_bytes bigint CHECK (size_bytes >= 0),
  sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  object_key text CHECK (char_length(object_key) <= 500),
  -- The document's own title, found while extracting.
  title text CHECK (char_length(title) <= 500),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'done', 'error')),
  error_code text,
  error_message text,
  replaces_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  processed_at timestamptz,
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, course_id, id),
  UNIQUE (tenant_id, external_id),
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE,
  -- A replaced material that was deleted by hand meanwhile leaves nothing to replace.
  FOREIGN KEY (tenant_id, course_id, replaces_id) REFERENCES materials (tenant_id, course_id, id) ON DELETE SET NULL (replaces_id),
  CHECK ((source_url IS NULL) <> (filename IS NULL)),
  CHECK ((status = 'error') = (error_code IS NOT NULL))
);
CREATE INDEX materials_replaces ON materials (tenant_id, course_id, replaces_id);
CALL isolate_tenants('materials');
GRANT SELECT, INSERT, UPDATE, DELETE ON materials TO course_supporter_tenant;

CREATE TABLE material_chunks (
  tenant_id uuid NOT NULL,
  material_id uuid NOT NULL,
  ord integer NOT NULL CHECK (ord >= 1),
  kind text NOT NULL,
  text text NOT NULL CHECK (char_length(text) <= 20000),
  locator jsonb NOT NULL,
  PRIMARY KEY (tenant_id, material_id, ord),
  FOREIGN KEY (tenant_id, material_id) REFERENCES materials (tenant_id, id) ON DELETE CASCADE
);
CALL isolate_tenants('material_chunks');
GRANT SELECT, INSERT, UPDATE, DELETE ON material_chunks TO course_supporter_tenant;

CREATE TABLE slide_mappings (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  slide_number integer NOT NULL CHECK (slide_number BETWEEN 1 AND 10000),
  video_timecode text NOT NULL CHECK (video_timecode ~ '^(\d{1,3}:)?[0-5]?\d:[0-5]\d$'),
  presentation_id uuid,
  video_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (tenant_id, course_id, presentation_id, slide_number),
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE,
  -- A mapping says nothing without the slides or the video it joins.
  FOREIGN KEY (tenant_id, course_id, presentation_id) REFERENCES materials (tenant_id, course_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, course_id, video_id) REFERENCES materials (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX slide_mappings_video ON slide_mappings (tenant_id, course_id, video_id);
CALL isolate_tenants('slide_mappings');
GRANT SELECT, INSERT, UPDATE, DELETE ON slide_mappings TO course_supporter_tenant;

-- Objects whose row is gone, however it went (a cascade, too): written in the same transaction, emptied by the worker.
CREATE TABLE discarded_objects (
  object_key text PRIMARY KEY,
  discarded_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, DELETE ON discarded_objects TO course_supporter_operator;

CREATE FUNCTION discard_object() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO discarded_objects (object_key) VALUES (OLD.object_key) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION discard_object FROM PUBLIC;
CREATE TRIGGER materials_discard_object AFTER DELETE ON materials
  FOR EACH ROW WHEN (OLD.object_key IS NOT NULL) EXECUTE FUNCTION discard_object();
