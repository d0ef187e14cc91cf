-- Batch builds: one start of a project that becomes many builds, some of them after others.
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,             -- the id that AWS shows is project:uuid
  project TEXT NOT NULL,                 -- name; the project may be gone
  number INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED')),
  document TEXT NOT NULL,                -- JSON: what each of its builds begins with, plus buildBatchConfig
  state TEXT NOT NULL,                   -- JSON: currentPhase, phases, resolvedSourceVersion
  initiator TEXT NOT NULL,
  idempotency_token TEXT,
  action_run_id INTEGER REFERENCES action_runs (id), -- NULL: no pipeline
  fast_fail INTEGER NOT NULL DEFAULT 0 CHECK (fast_fail IN (0, 1)),
  stop TEXT NOT NULL DEFAULT 'none' CHECK (stop IN ('none', 'failed', 'timeout', 'stop')), -- why nothing more is begun
  expires_ms INTEGER NOT NULL,           -- wall clock: what runs then is stopped
  log TEXT NOT NULL DEFAULT '',          -- of a pipeline's: the lines of its action's log
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  deleted_ms INTEGER,                    -- set: DeleteBuildBatch
  CHECK ((ended_ms IS NULL) = (status = 'IN_PROGRESS'))
) STRICT;
CREATE INDEX batches_project ON batches (project, id) WHERE deleted_ms IS NULL;
CREATE INDEX batches_status ON batches (status, id) WHERE deleted_ms IS NULL;
CREATE INDEX batches_action_run ON batches (action_run_id) WHERE action_run_id IS NOT NULL;
CREATE INDEX batches_idempotency ON batches (project, idempotency_token, id) WHERE idempotency_token IS NOT NULL;
CREATE INDEX batches_expiry ON batches (expires_ms) WHERE status = 'IN_PROGRESS';

-- One row for each group of the batch's buildspec; the builds of a group are in builds, the newest counts.
CREATE TABLE batch_groups (
  batch_id INTEGER NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,             -- 0: DOWNLOAD_SOURCE, which reads the buildspec
  identifier TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('source', 'build', 'combine')),
  depends_on TEXT NOT NULL,              -- JSON list of identifiers
  ignore_failure INTEGER NOT NULL CHECK (ignore_failure IN (0, 1)),
  overrides TEXT NOT NULL,               -- JSON: ...Override members as StartBuild's
  again INTEGER NOT NULL DEFAULT 0 CHECK (again IN (0, 1)), -- 1: a retry wants it once more
  PRIMARY KEY (batch_id, position),
  UNIQUE (batch_id, identifier)
) STRICT, WITHOUT ROWID;

ALTER TABLE builds ADD COLUMN batch_id INTEGER REFERENCES batches (id);
ALTER TABLE builds ADD COLUMN batch_identifier TEXT; -- its group
CREATE INDEX builds_batch ON builds (batch_id, batch_identifier, id) WHERE batch_id IS NOT NULL;
ALTER TABLE jobs ADD COLUMN batch_id INTEGER REFERENCES batches (id); -- of a batch's build: the action does not end with it
CREATE INDEX jobs_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;

ALTER TABLE projects ADD COLUMN last_batch INTEGER NOT NULL DEFAULT 0; -- number of the newest batch
