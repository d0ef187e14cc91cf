-- Custom action types, and the jobs that job workers poll for.

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
  nonce TEXT,                            -- Dispatched, InProgress: of the newest answer to a poll
  continuation_token TEXT,               -- what the job before it left
  offered_until_ms INTEGER,              -- Dispatched: wall time, then it is Queued again
  expires_ms INTEGER NOT NULL,           -- wall time: then it is TimedOut and its action fails
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((ended_ms IS NULL) = (state IN ('Created', 'Queued', 'Dispatched', 'InProgress')))
) STRICT, WITHOUT ROWID;
CREATE INDEX worker_jobs_queue ON worker_jobs (category, provider, version, created_ms) WHERE state = 'Queued';
CREATE UNIQUE INDEX worker_jobs_action ON worker_jobs (action_run_id) WHERE ended_ms IS NULL;
CREATE INDEX worker_jobs_offered ON worker_jobs (offered_until_ms) WHERE state = 'Dispatched';
CREATE INDEX worker_jobs_expiry ON worker_jobs (expires_ms) WHERE ended_ms IS NULL;
