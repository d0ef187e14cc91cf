-- CodeBuild's builds beyond one that starts at once and ends once: limits of a project, queued timeouts, builds that are
-- tried again, badges, and who signs in to the servers of sources.

-- The badge's address has it; made with the project, or with the first change of one that is older than this.
ALTER TABLE projects ADD COLUMN badge_uuid TEXT;
CREATE UNIQUE INDEX projects_badge ON projects (badge_uuid) WHERE badge_uuid IS NOT NULL;
-- InvalidateProjectCache counts it up: caches saved under another number are not found any more.
ALTER TABLE projects ADD COLUMN cache_generation INTEGER NOT NULL DEFAULT 0;

ALTER TABLE builds ADD COLUMN branch TEXT;                -- whose badge it counts for; NULL: not known
ALTER TABLE builds ADD COLUMN retry_of INTEGER REFERENCES builds (id); -- the failed build that it does again by itself
ALTER TABLE builds ADD COLUMN retry_number INTEGER NOT NULL DEFAULT 0; -- how many of those came before it
ALTER TABLE builds ADD COLUMN retry_limit INTEGER NOT NULL DEFAULT 0;  -- autoRetryLimit as it was at its start
ALTER TABLE builds ADD COLUMN deleted_ms INTEGER;         -- set: BatchDeleteBuilds; its document is empty then
-- A failed build has one successor.
CREATE UNIQUE INDEX builds_retry_of ON builds (retry_of) WHERE retry_of IS NOT NULL;
DROP INDEX builds_project;
CREATE INDEX builds_project ON builds (project, id) WHERE deleted_ms IS NULL;
CREATE INDEX builds_branch ON builds (project, branch, id) WHERE branch IS NOT NULL AND deleted_ms IS NULL;
-- A token is good for minutes; after that it may come again.
DROP INDEX builds_idempotency;
CREATE INDEX builds_idempotency ON builds (project, idempotency_token, id) WHERE idempotency_token IS NOT NULL;

ALTER TABLE jobs ADD COLUMN project TEXT;                 -- a build's: the project whose concurrentBuildLimit it counts for
-- 1: not offered before a build of its project has ended.
ALTER TABLE jobs ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
ALTER TABLE jobs ADD COLUMN queued_until_ms INTEGER;      -- wall time: where nobody began it by then, it ends; NULL: it may wait
DROP INDEX jobs_queue;
CREATE INDEX jobs_queue ON jobs (held, provider, sequence) WHERE state = 'queued';
CREATE INDEX jobs_held ON jobs (project, sequence) WHERE state = 'queued' AND held = 1;
CREATE INDEX jobs_in_work ON jobs (project) WHERE state <> 'done' AND held = 0 AND project IS NOT NULL;
CREATE INDEX jobs_queued_until ON jobs (queued_until_ms) WHERE state = 'queued' AND queued_until_ms IS NOT NULL;

-- One for each kind of server, as CodeBuild has it.
CREATE TABLE source_credentials (
  server_type TEXT PRIMARY KEY CHECK (server_type IN ('GITHUB', 'BITBUCKET', 'GITHUB_ENTERPRISE', 'GITLAB', 'GITLAB_SELF_MANAGED')),
  auth_type TEXT NOT NULL CHECK (auth_type IN ('OAUTH', 'BASIC_AUTH', 'PERSONAL_ACCESS_TOKEN', 'CODECONNECTIONS', 'SECRETS_MANAGER')),
  user_name TEXT,                        -- BASIC_AUTH
  token BLOB,                            -- sealed by the auth room; NULL where `resource` is set
  resource TEXT,                         -- SECRETS_MANAGER: the secret that holds the token
  created_ms INTEGER NOT NULL,
  CHECK ((token IS NULL) = (resource IS NOT NULL))
) STRICT, WITHOUT ROWID;
