-- The structured course. Every change makes a new version; versions are never edited. Ids of modules, lessons, concepts and
-- exercises outlive versions, so what points at a lesson or an exercise finds it in the newest version that has it.

CREATE TABLE structures (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  generated_by text NOT NULL CHECK (generated_by IN ('outline', 'llm', 'author')),
  generated_at timestamptz NOT NULL DEFAULT now(),
  -- The materials it was made from. No foreign key: a deleted material makes the structure stale, not gone.
  material_ids uuid[] NOT NULL,
  expected_knowledge text[] NOT NULL DEFAULT '{}',
  expected_skills text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, course_id, version),
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE
);
CALL isolate_tenants('structures');
GRANT SELECT, INSERT, DELETE ON structures TO course_supporter_tenant;

ALTER TABLE courses ADD FOREIGN KEY (tenant_id, id, current_version)
  REFERENCES structures (tenant_id, course_id, version) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX courses_current_version ON courses (tenant_id, id, current_version);

CREATE TABLE modules (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  version integer NOT NULL,
  id uuid NOT NULL,
  ord integer NOT NULL CHECK (ord >= 1),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 500),
  description text CHECK (char_length(description) <= 10000),
  learning_goal text CHECK (char_length(learning_goal) <= 10000),
  expected_knowledge text[] NOT NULL DEFAULT '{}',
  expected_skills text[] NOT NULL DEFAULT '{}',
  difficulty text CHECK (difficulty IN ('easy', 'medium', 'hard')),
  PRIMARY KEY (tenant_id, course_id, version, id),
  UNIQUE (tenant_id, course_id, version, ord),
  FOREIGN KEY (tenant_id, course_id, version) REFERENCES structures ON DELETE CASCADE
);
CALL isolate_tenants('modules');
GRANT SELECT, INSERT, DELETE ON modules TO course_supporter_tenant;

CREATE TABLE lessons (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  version integer NOT NULL,
  id uuid NOT NULL,
  module_id uuid NOT NULL,
  ord integer NOT NULL CHECK (ord >= 1),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 500),
  -- Materials by id without a foreign key, as in structures: a version is a record of what was.
  video_material_id uuid,
  video_start_timecode text,
  video_end_timecode text,
  presentation_material_id uuid,
  slide_start integer CHECK (slide_start BETWEEN 1 AND 10000),
  slide_end integer CHECK (slide_end BETWEEN 1 AND 10000),
  PRIMARY KEY (tenant_id, course_id, version, id),
  UNIQUE (tenant_id, course_id, version, module_id, ord),
  FOREIGN KEY (tenant_id, course_id, version, module_id) REFERENCES modules ON DELETE CASCADE,
  CHECK ((slide_start IS NULL) = (slide_end IS NULL) AND slide_start <= slide_end)
);
CREATE INDEX lessons_id ON lessons (tenant_id, course_id, id, version);
CALL isolate_tenants('lessons');
GRANT SELECT, INSERT, DELETE ON lessons TO course_supporter_tenant;

CREATE TABLE concepts (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  version integer NOT NULL,
  id uuid NOT NULL,
  lesson_id uuid NOT NULL,
  ord integer NOT NULL CHECK (ord >= 1),
  title text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 500),
  definition text NOT NULL CHECK (char_length(definition) <= 10000),
  examples text[] NOT NULL DEFAULT '{}',
  timecodes text[] NOT NULL DEFAULT '{}',
  slide_references integer[] NOT NULL DEFAULT '{}',
  web_references jsonb NOT NULL DEFAULT '[]',
  sources jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (tenant_id, course_id, version, id),
  UNIQUE (tenant_id, course_id, version, lesson_id, ord),
  FOREIGN KEY (tenant_id, course_id, version, lesson_id) REFERENCES lessons ON DELETE CASCADE
);
CALL isolate_tenants('concepts');
GRANT SELECT, INSERT, DELETE ON concepts TO course_supporter_tenant;

-- An exercise as the world outside knows it: its id and the LMS's own, across versions.
CREATE TABLE exercises (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  external_id text CHECK (char_length(external_id) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, course_id, id),
  UNIQUE (tenant_id, external_id),
  FOREIGN KEY (tenant_id, course_id) REFERENCES courses (tenant_id, id) ON DELETE CASCADE
);
CALL isolate_tenants('exercises');
GRANT SELECT, INSERT, UPDATE, DELETE ON exercises TO course_supporter_tenant;

CREATE TABLE exercise_versions (
  tenant_id uuid NOT NULL,
  course_id uuid NOT NULL,
  version integer NOT NULL,
  id uuid NOT NULL,
  lesson_id uuid NOT NULL,
  ord integer NOT NULL CHECK (ord >= 1),
  kind text NOT NULL CHECK (kind IN ('open', 'choice', 'multiple_choice', 'number', 'short_text')),
  description text NOT NULL CHECK (char_length(description) BETWEEN 1 AND 20000),
  options jsonb NOT NULL DEFAULT '[]',
  reference_solution text CHECK (char_length(reference_solution) <= 50000),
  grading_criteria text CHECK (char_length(grading_criteria) <= 20000),
  criteria jsonb NOT NULL DEFAULT '[]',
  answer_key jsonb,
  pass_score integer NOT NULL DEFAULT 60 CHECK (pass_score BETWEEN 0 AND 100),
  max_attempts integer NOT NULL DEFAULT 20 CHECK (max_attempts BETWEEN 1 AND 1000),
  difficulty_level integer CHECK (difficulty_level BETWEEN 1 AND 5),
  PRIMARY KEY (tenant_id, course_id, version, id),
  UNIQUE (tenant_id, course_id, version, lesson_id, ord),
  FOREIGN KEY (tenant_id, course_id, version, lesson_id) REFERENCES lessons ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, course_id, id) REFERENCES exercises (tenant_id, course_id, id) ON DELETE CASCADE
);
CREATE INDEX exercise_versions_id ON exercise_versions (tenant_id, course_id, id, version);
CALL isolate_tenants('exercise_versions');
GRANT SELECT, INSERT, DELETE ON exercise_versions TO course_supporter_tenant;
