-- Deploys: what one is doing and did, where it pauses for a person, and what runs where.

ALTER TABLE action_runs ADD COLUMN role_arn TEXT; -- the role that the action works in
ALTER TABLE action_runs ADD COLUMN region TEXT;   -- where it works; NULL: the server's region

-- The newest word of the runner about a deploy; it stays with its action run.
CREATE TABLE deployments (
  action_run_id INTEGER PRIMARY KEY REFERENCES action_runs (id),
  document TEXT NOT NULL,                -- JSON object, docs/doors.md says its members
  updated_ms INTEGER NOT NULL
) STRICT;

-- Where a deploy waits for a person in the midst of its work. A manual approval is an action of its own instead.
CREATE TABLE pauses (
  id INTEGER PRIMARY KEY,
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id),
  pause TEXT NOT NULL,                   -- the runner's name for it
  stage TEXT,                            -- of the traffic shift: 'POST_TEST_TRAFFIC_SHIFT'
  sentence TEXT NOT NULL,                -- what is asked
  test_url TEXT,
  expires_ms INTEGER,                    -- then AWS decides by itself
  token TEXT NOT NULL UNIQUE,            -- what answers it
  state TEXT NOT NULL CHECK (state IN ('Waiting', 'Approved', 'Rejected', 'Gone')), -- 'Gone': over without an answer
  summary TEXT,                          -- the answer's words
  answered_by TEXT,
  asked_ms INTEGER NOT NULL,
  answered_ms INTEGER,
  CHECK ((answered_ms IS NULL) = (state IN ('Waiting', 'Gone'))),
  UNIQUE (action_run_id, pause)
) STRICT;
-- One question at a time.
CREATE UNIQUE INDEX pauses_waiting ON pauses (action_run_id) WHERE state = 'Waiting';

-- What deploys that succeeded put where; the newest row of a target is what runs there.
CREATE TABLE releases (
  id INTEGER PRIMARY KEY,
  target TEXT NOT NULL,                  -- 'ecs/eu-west-1/prod/shop'
  kind TEXT NOT NULL,                    -- of the deployment: 'ECS'
  revision TEXT,                         -- 'shop:12'
  previous TEXT,                         -- what ran before, as the deploy saw it
  images TEXT,                           -- JSON list of {container, image, digest?}
  fingerprint TEXT,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  stage TEXT NOT NULL,
  action TEXT NOT NULL,
  execution_id INTEGER NOT NULL REFERENCES executions (id),
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id),
  approved_by TEXT,                      -- the last yes in the execution before
  released_ms INTEGER NOT NULL,
  UNIQUE (action_run_id, target)
) STRICT;
CREATE INDEX releases_target ON releases (target, id);
CREATE INDEX releases_stage ON releases (pipeline_id, stage, execution_id);
CREATE INDEX releases_action ON releases (pipeline_id, stage, action, action_run_id);
CREATE INDEX releases_execution ON releases (execution_id);

-- What the action runs under way deploy to; a release has several targets. The rows of a run go when it ends.
CREATE TABLE target_claims (
  action_run_id INTEGER NOT NULL REFERENCES action_runs (id),
  target TEXT NOT NULL,                  -- 'ecs/REGION/CLUSTER/SERVICE'
  PRIMARY KEY (target, action_run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX target_claims_run ON target_claims (action_run_id);
INSERT INTO target_claims (action_run_id, target)
  SELECT id, target FROM action_runs WHERE status = 'InProgress' AND target IS NOT NULL;
DROP INDEX action_runs_target_waits;
