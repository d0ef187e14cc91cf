-- Custom action types, the jobs that job workers poll for, and what workers see of artifacts: objects in a bucket.

CREATE TABLE custom_action_types (
  id INTEGER PRIMARY KEY,
  category TEXT NOT NULL,
  provider TEXT NOT NULL,
  version TEXT NOT NULL,
  document TEXT NOT NULL,                -- JSON: settings, configurationProperties, inputArtifactDetails, outputArtifactDetails
  tags TEXT NOT NULL DEFAULT '[]',       -- JSON list of {key, value}
  created_ms INTEGER NOT NULL,
  deleted_ms INTEGER,                    -- set: no new pipeline may name it; its version is never given again
  UNIQUE (category, provider, version)
) STRICT;

CREATE TABLE worker_jobs (
  id TEXT PRIMARY KEY,                   -- UUID
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id),
  category TEXT NOT NULL,                -- its action type, as are the next two
  provider TEXT NOT NULL,
  version TEXT NOT NULL,
  query_value TEXT,                      -- value of the type's queryable property
  state TEXT NOT NULL CHECK (state IN ('Created', 'Queued', 'Dispatched', 'InProgress', 'TimedOut', 'Succeeded', 'Failed')),
  nonce TEXT,                            -- of the newest answer to a poll; NULL where that offer is over
  continuation_token TEXT,               -- what the job before it left
  offered_until_boot_ms INTEGER,         -- Dispatched: then it is Queued again
  expires_ms INTEGER NOT NULL,           -- wall time: then it is TimedOut and its action fails
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((ended_ms IS NULL) = (state IN ('Created', 'Queued', 'Dispatched', 'InProgress'))),
  CHECK ((state = 'Dispatched') = (offered_until_boot_ms IS NOT NULL)),
  CHECK (state NOT IN ('Dispatched', 'InProgress') OR nonce IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX worker_jobs_queue ON worker_jobs (category, provider, version, created_ms) WHERE state = 'Queued';
CREATE UNIQUE INDEX worker_jobs_action ON worker_jobs (action_run_id) WHERE ended_ms IS NULL;
CREATE INDEX worker_jobs_offered ON worker_jobs (offered_until_boot_ms) WHERE state = 'Dispatched';
CREATE INDEX worker_jobs_expiry ON worker_jobs (expires_ms) WHERE ended_ms IS NULL;

-- What workers uploaded, as `artifacts` is what runners did. Of the action, not of one job: a worker that goes on with a
-- continuation token may have uploaded before.
CREATE TABLE worker_artifacts (
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id),
  name TEXT NOT NULL,
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (action_run_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX worker_artifacts_execution ON worker_artifacts (execution_id, name);

-- The object key of an artifact that a worker reads or writes.
CREATE TABLE artifact_places (
  object_key TEXT PRIMARY KEY,           -- 'shop/App/Xy12AbCdEf'
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id), -- the run that makes it
  name TEXT NOT NULL,
  UNIQUE (action_run_id, name)
) STRICT, WITHOUT ROWID;

-- Multipart uploads under way; the bytes of parts are in the artifacts room, by hash.
CREATE TABLE worker_uploads (
  id TEXT PRIMARY KEY,                   -- random: only who began it knows it
  job_id TEXT NOT NULL REFERENCES worker_jobs (id),
  name TEXT NOT NULL,                    -- of the output artifact
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX worker_uploads_job ON worker_uploads (job_id);

CREATE TABLE worker_upload_parts (
  upload_id TEXT NOT NULL REFERENCES worker_uploads (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  etag TEXT NOT NULL,                    -- MD5 in hex: what the client names it by
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;
