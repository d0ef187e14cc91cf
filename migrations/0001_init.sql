-- The first schema. Rules: times ending in _ms are wall time in milliseconds since 1970; *_boot_ms are milliseconds since
-- the machine started and mean nothing after a restart (engine_open gives every lease a new term then). States are AWS's
-- own words, held by CHECK; which may follow which is server/store/states.c. JSON columns hold what json_print wrote.

CREATE TABLE pipelines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: history of a deleted pipeline keeps its own
  name TEXT NOT NULL,
  version INTEGER NOT NULL,              -- the one in force
  last_number INTEGER NOT NULL DEFAULT 0, -- number of the newest execution
  origin TEXT NOT NULL CHECK (origin IN ('api', 'file')),
  file TEXT,                             -- origin 'file': where it came from
  file_error TEXT,                       -- why the file's newest text is not in force
  tags TEXT NOT NULL DEFAULT '[]',       -- JSON list of {key, value}
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  deleted_ms INTEGER                     -- set: gone for everybody but its history
) STRICT;
CREATE UNIQUE INDEX pipelines_name ON pipelines (name) WHERE deleted_ms IS NULL;

CREATE TABLE pipeline_versions (
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  version INTEGER NOT NULL,              -- 1, 2, 3 ...
  declaration TEXT NOT NULL,             -- JSON as GetPipeline shows it, without "version"
  type TEXT NOT NULL CHECK (type IN ('V1', 'V2')),
  mode TEXT NOT NULL CHECK (mode IN ('SUPERSEDED', 'QUEUED', 'PARALLEL')),
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (pipeline_id, version)
) STRICT, WITHOUT ROWID;

-- Which pushes start which pipelines: the source actions of the versions in force.
CREATE TABLE pipeline_sources (
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  action TEXT NOT NULL,                  -- name of the source action
  kind TEXT NOT NULL CHECK (kind IN ('hosted', 'hook')), -- our own repository, or one behind a webhook
  repository TEXT NOT NULL,              -- 'shop', or 'owner/name'
  branch TEXT NOT NULL,
  PRIMARY KEY (pipeline_id, action)
) STRICT, WITHOUT ROWID;
CREATE INDEX pipeline_sources_hosted ON pipeline_sources (repository, branch) WHERE kind = 'hosted';
-- GitHub and its like do not tell 'Team/Shop' from 'team/shop'; branches they do.
CREATE INDEX pipeline_sources_hook ON pipeline_sources (repository COLLATE NOCASE, branch) WHERE kind = 'hook';

CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  document TEXT NOT NULL,                -- JSON as BatchGetProjects shows it, without arn, created, lastModified, tags
  last_number INTEGER NOT NULL DEFAULT 0, -- number of the newest build
  origin TEXT NOT NULL CHECK (origin IN ('api', 'file')),
  file TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE repositories (
  name TEXT PRIMARY KEY,                 -- also the folder's name
  uuid TEXT NOT NULL UNIQUE,
  description TEXT,
  default_branch TEXT,                   -- 'main'; NULL while empty
  tags TEXT NOT NULL DEFAULT '{}',       -- JSON object, as CodeCommit has it
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What each ref was when we last acted on it; a push is a difference between this and the repository.
CREATE TABLE repository_refs (
  repository TEXT NOT NULL REFERENCES repositories (name) ON DELETE CASCADE,
  ref TEXT NOT NULL,                     -- 'refs/heads/main'
  commit_id TEXT NOT NULL,
  seen_ms INTEGER NOT NULL,
  PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE executions (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,             -- pipelineExecutionId
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  number INTEGER NOT NULL,               -- 1, 2, 3 ... in its pipeline
  version INTEGER NOT NULL,              -- the definition that it runs with, to its end
  mode TEXT NOT NULL CHECK (mode IN ('SUPERSEDED', 'QUEUED', 'PARALLEL')),
  status TEXT NOT NULL CHECK (status IN ('InProgress', 'Stopping', 'Stopped', 'Succeeded', 'Superseded', 'Failed', 'Cancelled')),
  summary TEXT,                          -- statusSummary
  place TEXT NOT NULL CHECK (place IN ('waiting', 'inside', 'ended')), -- in front of its stage, in it, or done
  stage_index INTEGER NOT NULL,          -- the stage it is in or waits for; the last one when ended
  stop_mode TEXT NOT NULL DEFAULT 'none' CHECK (stop_mode IN ('none', 'wait', 'abandon', 'update')), -- 'update': its pipeline was changed, it ends as Cancelled
  stop_reason TEXT,
  stopped_by TEXT,
  trigger_type TEXT NOT NULL,            -- 'StartPipelineExecution', 'CloudWatchEvent', 'Webhook' ...
  trigger_detail TEXT,
  started_by TEXT,                       -- who, where somebody is known
  client_request_token TEXT,
  started_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((place = 'ended') = (ended_ms IS NOT NULL)),
  CHECK ((place = 'ended') = (status NOT IN ('InProgress', 'Stopping'))),
  UNIQUE (pipeline_id, number)
) STRICT;
CREATE UNIQUE INDEX executions_token ON executions (pipeline_id, client_request_token) WHERE client_request_token IS NOT NULL;
CREATE INDEX executions_active ON executions (pipeline_id) WHERE place <> 'ended';

CREATE TABLE execution_variables (
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  name TEXT NOT NULL,                    -- a pipeline variable
  value TEXT NOT NULL,                   -- given at start, or the default
  PRIMARY KEY (execution_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE stage_runs (
  id INTEGER PRIMARY KEY,
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  stage_index INTEGER NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('InProgress', 'Stopping', 'Stopped', 'Succeeded', 'Failed', 'Cancelled', 'Skipped')),
  holds_lock INTEGER NOT NULL CHECK (holds_lock IN (0, 1)), -- nobody else may be in this stage
  run_order INTEGER NOT NULL DEFAULT 0,  -- the group of actions that was started last; 0 none yet
  started_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((ended_ms IS NULL) = (status IN ('InProgress', 'Stopping'))),
  CHECK (holds_lock = 0 OR ended_ms IS NULL),
  UNIQUE (execution_id, stage_index)
) STRICT;
CREATE UNIQUE INDEX stage_runs_lock ON stage_runs (pipeline_id, name) WHERE holds_lock = 1;
CREATE INDEX stage_runs_latest ON stage_runs (pipeline_id, name, id);

CREATE TABLE action_runs (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,             -- actionExecutionId, and its log's id
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  stage_run_id INTEGER NOT NULL REFERENCES stage_runs (id),
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  stage TEXT NOT NULL,                   -- names, so that history needs no definition
  action TEXT NOT NULL,
  category TEXT NOT NULL,                -- 'Build'
  provider TEXT NOT NULL,                -- 'CodeBuild'
  run_order INTEGER NOT NULL,
  variable_namespace TEXT,
  status TEXT NOT NULL CHECK (status IN ('InProgress', 'Succeeded', 'Failed', 'Abandoned')),
  configuration TEXT NOT NULL,           -- JSON object, variables resolved
  inputs TEXT NOT NULL,                  -- JSON list of artifact names
  outputs TEXT NOT NULL,
  summary TEXT,
  approval_token TEXT UNIQUE,            -- Manual approval: what answers it
  expires_ms INTEGER,                    -- Manual approval: then it fails
  external_id TEXT,
  external_url TEXT,
  error_code TEXT,
  error_message TEXT,
  percent INTEGER CHECK (percent BETWEEN 0 AND 100),
  updated_by TEXT,                       -- who answered or abandoned it
  started_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((ended_ms IS NULL) = (status = 'InProgress'))
) STRICT;
CREATE INDEX action_runs_stage_run ON action_runs (stage_run_id);
CREATE INDEX action_runs_execution ON action_runs (execution_id, id);
CREATE INDEX action_runs_latest ON action_runs (pipeline_id, stage, action, id);
CREATE INDEX action_runs_newest ON action_runs (pipeline_id, id);
CREATE INDEX action_runs_expiry ON action_runs (expires_ms) WHERE status = 'InProgress' AND expires_ms IS NOT NULL;
-- An action never has two runs under way in one stage run.
CREATE UNIQUE INDEX action_runs_once ON action_runs (stage_run_id, action) WHERE status = 'InProgress';

CREATE TABLE output_variables (
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (action_run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_revisions (
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  action TEXT NOT NULL,                  -- name of the source action
  artifact TEXT NOT NULL,
  asked TEXT,                            -- the revision named at start (a push's commit); NULL: the branch's newest
  revision_id TEXT,                      -- what was fetched; NULL until then
  summary TEXT,
  url TEXT,
  author TEXT,
  branch TEXT,
  created_ms INTEGER,                    -- the commit's time
  PRIMARY KEY (execution_id, action)
) STRICT, WITHOUT ROWID;

CREATE TABLE builds (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,             -- the id that AWS shows is project:uuid
  project TEXT NOT NULL,                 -- name; the project may be gone
  number INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED')),
  document TEXT NOT NULL,                -- JSON as BatchGetBuilds shows it, the settled part, plus buildspec
  state TEXT NOT NULL,                   -- JSON: currentPhase, phases, and what else comes with wire progress
  initiator TEXT NOT NULL,               -- 'codepipeline/shop', a user's name
  idempotency_token TEXT,
  action_run_id INTEGER REFERENCES action_runs (id), -- NULL: no pipeline
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((ended_ms IS NULL) = (status = 'IN_PROGRESS'))
) STRICT;
CREATE INDEX builds_project ON builds (project, id);
CREATE INDEX builds_action_run ON builds (action_run_id) WHERE action_run_id IS NOT NULL;
CREATE UNIQUE INDEX builds_idempotency ON builds (project, idempotency_token) WHERE idempotency_token IS NOT NULL;

CREATE TABLE runners (
  id TEXT PRIMARY KEY,                   -- UUID
  name TEXT NOT NULL,
  token_hash BLOB NOT NULL UNIQUE,       -- SHA-256 of its token
  version TEXT NOT NULL,
  instance_id TEXT,                      -- its newest process
  created_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,              -- written at most each 20 seconds
  removed_ms INTEGER                     -- set: its token is no longer good
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,                   -- UUID
  provider TEXT NOT NULL,                -- 'CodeBuild': who may take it
  state TEXT NOT NULL CHECK (state IN ('queued', 'offered', 'running', 'done')),
  token INTEGER NOT NULL DEFAULT 0,      -- the fence: one more with each offer and each return to the queue
  attempts INTEGER NOT NULL DEFAULT 0,   -- how often somebody began
  most_attempts INTEGER NOT NULL,        -- 0: no limit
  cancel TEXT NOT NULL DEFAULT 'none' CHECK (cancel IN ('none', 'cancel', 'abandon')),
  runner_id TEXT REFERENCES runners (id),-- offered, running: who holds it; done: who held it last
  left_by TEXT REFERENCES runners (id),  -- a build that was lost with its runner: whose machine may still hold its container
  claim_id TEXT,                         -- the runner's own name for its question
  deadline_boot_ms INTEGER,              -- offered, running: then it goes back
  checkpoint TEXT,                       -- JSON, the mark before a side effect
  outcome TEXT CHECK (outcome IN ('succeeded', 'failed', 'stopped')),
  action_run_id INTEGER REFERENCES action_runs (id),
  build_id INTEGER REFERENCES builds (id),
  log_id TEXT NOT NULL REFERENCES logs (id),
  timeout_seconds INTEGER NOT NULL DEFAULT 0, -- 0: the action's own rule
  sequence INTEGER NOT NULL,             -- place in the queue
  queued_ms INTEGER NOT NULL,
  started_ms INTEGER,                    -- first acknowledged
  ended_ms INTEGER,
  CHECK ((state = 'done') = (outcome IS NOT NULL)),
  CHECK ((state IN ('offered', 'running')) = (deadline_boot_ms IS NOT NULL)),
  CHECK (state NOT IN ('offered', 'running') OR runner_id IS NOT NULL),
  CHECK (action_run_id IS NOT NULL OR build_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_queue ON jobs (provider, sequence) WHERE state = 'queued';
CREATE INDEX jobs_deadline ON jobs (deadline_boot_ms) WHERE state IN ('offered', 'running');
CREATE UNIQUE INDEX jobs_claim ON jobs (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX jobs_runner ON jobs (runner_id) WHERE state IN ('offered', 'running');
CREATE INDEX jobs_left_by ON jobs (left_by) WHERE left_by IS NOT NULL AND state <> 'done';
CREATE INDEX jobs_action_run ON jobs (action_run_id) WHERE action_run_id IS NOT NULL;
CREATE INDEX jobs_build ON jobs (build_id) WHERE build_id IS NOT NULL;
CREATE UNIQUE INDEX jobs_sequence ON jobs (sequence);

-- The bytes are in the artifacts room, by hash.
CREATE TABLE artifacts (
  job_id TEXT NOT NULL REFERENCES jobs (id),
  name TEXT NOT NULL,
  execution_id INTEGER REFERENCES executions (id),
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (job_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX artifacts_execution ON artifacts (execution_id, name) WHERE execution_id IS NOT NULL;

-- The bytes are in the logs room, by id; lines and bytes are counted there until the log is closed.
CREATE TABLE logs (
  id TEXT PRIMARY KEY,                   -- an action run's uuid, or a build's
  closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms INTEGER NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('execution', 'stage', 'action', 'approval', 'job', 'pipeline', 'runner', 'repository', 'build')),
  pipeline TEXT,
  execution TEXT,                        -- uuid
  stage TEXT,
  action TEXT,
  status TEXT,
  detail TEXT                            -- JSON object
) STRICT;

CREATE TABLE join_tokens (
  hash BLOB PRIMARY KEY,                 -- SHA-256 of the token
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  created_by TEXT,
  used_ms INTEGER                        -- set: spent
) STRICT, WITHOUT ROWID;

CREATE TABLE access_keys (
  id TEXT PRIMARY KEY,                   -- accessKeyId
  user_name TEXT NOT NULL,
  secret BLOB NOT NULL,                  -- sealed by the auth room
  created_ms INTEGER NOT NULL,
  used_ms INTEGER                        -- about when last
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  hash BLOB PRIMARY KEY,                 -- SHA-256 of the cookie
  user_name TEXT NOT NULL,
  csrf_token TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_links (
  hash BLOB PRIMARY KEY,
  user_name TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE git_tokens (
  id TEXT PRIMARY KEY,                   -- UUID, to delete it by
  hash BLOB NOT NULL UNIQUE,
  user_name TEXT NOT NULL,
  description TEXT,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE source_hooks (
  id TEXT PRIMARY KEY,                   -- the part of the payload address that nobody guesses
  provider TEXT NOT NULL,                -- 'github'
  repository TEXT NOT NULL COLLATE NOCASE, -- 'owner/name'
  clone_url TEXT NOT NULL,
  secret BLOB NOT NULL,                  -- sealed by the auth room, as is the password
  clone_user_name TEXT,
  clone_password BLOB,
  created_ms INTEGER NOT NULL,
  UNIQUE (provider, repository)
) STRICT, WITHOUT ROWID;

-- A delivery is taken once; a repetition gets the first answer.
CREATE TABLE deliveries (
  hook_id TEXT NOT NULL REFERENCES source_hooks (id) ON DELETE CASCADE,
  delivery_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  status INTEGER NOT NULL,               -- HTTP
  answer TEXT NOT NULL,                  -- body
  PRIMARY KEY (hook_id, delivery_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_received ON deliveries (hook_id, received_ms);

-- SDKs repeat a call under the same amz-sdk-invocation-id; the repetition gets the first answer.
CREATE TABLE invocations (
  id TEXT NOT NULL,
  operation TEXT NOT NULL,
  who TEXT NOT NULL,                     -- access key id: nobody reads another's answers
  status INTEGER NOT NULL,
  answer TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  PRIMARY KEY (who, operation, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invocations_created ON invocations (created_ms);
