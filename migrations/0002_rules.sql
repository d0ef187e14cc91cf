-- CodePipeline's rules beyond the plain way through a pipeline: retry, rollback, transitions, conditions, deploy targets.

ALTER TABLE executions ADD COLUMN type TEXT NOT NULL DEFAULT 'STANDARD' CHECK (type IN ('STANDARD', 'ROLLBACK'));
-- ROLLBACK: the execution whose artifacts, revisions and variables it takes. It runs one stage.
ALTER TABLE executions ADD COLUMN rollback_of INTEGER REFERENCES executions (id);

-- A condition of a stage: looked at once before entry, after success or after failure; its rules are action_runs.
CREATE TABLE conditions (
  id INTEGER PRIMARY KEY,
  stage_run_id INTEGER NOT NULL REFERENCES stage_runs (id),
  kind TEXT NOT NULL CHECK (kind IN ('BEFORE_ENTRY', 'ON_SUCCESS', 'ON_FAILURE')),
  result TEXT NOT NULL CHECK (result IN ('FAIL', 'SKIP', 'ROLLBACK', 'RETRY')), -- what it leads to
  status TEXT NOT NULL CHECK (status IN ('InProgress', 'Succeeded', 'Failed', 'Errored', 'Cancelled', 'Abandoned', 'Overridden')),
  summary TEXT,
  started_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  CHECK ((ended_ms IS NULL) = (status = 'InProgress'))
) STRICT;
CREATE INDEX conditions_stage_run ON conditions (stage_run_id, kind, id);
CREATE UNIQUE INDEX conditions_once ON conditions (stage_run_id) WHERE status = 'InProgress';

ALTER TABLE stage_runs ADD COLUMN phase TEXT NOT NULL DEFAULT 'actions' CHECK (phase IN ('entry', 'actions', 'success', 'failure'));
ALTER TABLE stage_runs ADD COLUMN condition_id INTEGER REFERENCES conditions (id); -- the one of its phase, once it was begun
ALTER TABLE stage_runs ADD COLUMN auto_retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN manual_retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stage_runs ADD COLUMN retry_trigger TEXT CHECK (retry_trigger IN ('AutomatedStageRetry', 'ManualStageRetry')); -- the newest
CREATE INDEX stage_runs_succeeded ON stage_runs (pipeline_id, name, execution_id) WHERE status = 'Succeeded';

ALTER TABLE action_runs ADD COLUMN condition_id INTEGER REFERENCES conditions (id); -- set: a rule of that condition, category 'Rule'
ALTER TABLE action_runs ADD COLUMN owner TEXT NOT NULL DEFAULT 'AWS';      -- of its type, as is:
ALTER TABLE action_runs ADD COLUMN type_version TEXT NOT NULL DEFAULT '1';
ALTER TABLE action_runs ADD COLUMN commands TEXT;         -- Commands: JSON list of texts, as are:
ALTER TABLE action_runs ADD COLUMN environment TEXT;      -- JSON list of {name, value, type}, variables resolved
ALTER TABLE action_runs ADD COLUMN output_variables TEXT; -- JSON list of the names it is to put out
ALTER TABLE action_runs ADD COLUMN output_files TEXT;     -- JSON object: output artifact -> list of patterns
ALTER TABLE action_runs ADD COLUMN target TEXT;           -- what it deploys to: 'ecs/REGION/CLUSTER/SERVICE'
ALTER TABLE action_runs ADD COLUMN holds_target INTEGER NOT NULL DEFAULT 0 CHECK (holds_target IN (0, 1));
-- 1: a retry of the stage does it again, so it does not count there any more.
ALTER TABLE action_runs ADD COLUMN set_aside INTEGER NOT NULL DEFAULT 0 CHECK (set_aside IN (0, 1));
ALTER TABLE action_runs ADD COLUMN look_ms INTEGER;       -- a rule that waits for the clock: when to look again
-- One deploy at a time, whatever pipeline it comes from; the others wait in the order in which they came.
CREATE UNIQUE INDEX action_runs_target ON action_runs (target) WHERE status = 'InProgress' AND holds_target = 1;
CREATE INDEX action_runs_target_waits ON action_runs (target, id) WHERE status = 'InProgress' AND target IS NOT NULL AND holds_target = 0;
CREATE INDEX action_runs_look ON action_runs (look_ms) WHERE status = 'InProgress' AND look_ms IS NOT NULL;
CREATE INDEX action_runs_condition ON action_runs (condition_id) WHERE condition_id IS NOT NULL;
CREATE INDEX action_runs_rules ON action_runs (pipeline_id, id) WHERE condition_id IS NOT NULL;
-- An action never has two runs under way in one stage run, nor a rule in one condition.
DROP INDEX action_runs_once;
CREATE UNIQUE INDEX action_runs_once ON action_runs (stage_run_id, action) WHERE status = 'InProgress' AND condition_id IS NULL;
CREATE UNIQUE INDEX action_runs_rule_once ON action_runs (condition_id, action) WHERE status = 'InProgress' AND condition_id IS NOT NULL;

-- The transition into a stage, where somebody ever closed it.
CREATE TABLE stage_gates (
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  stage TEXT NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  reason TEXT,                           -- why it was closed
  changed_by TEXT,
  changed_ms INTEGER NOT NULL,
  -- Opened after more than 30 days: nobody goes in until an execution with a greater number was started.
  resume_after INTEGER,
  PRIMARY KEY (pipeline_id, stage)
) STRICT, WITHOUT ROWID;

-- What the server was told at its start and the engine needs: 'region'.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- 1: the filters of the action's trigger say which changes count, not `branch`.
ALTER TABLE pipeline_sources ADD COLUMN filtered INTEGER NOT NULL DEFAULT 0 CHECK (filtered IN (0, 1));

-- More kinds of events. SQLite cannot change a CHECK, so the table is made anew; sequences stay.
CREATE TABLE events_new (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms INTEGER NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('execution', 'stage', 'action', 'approval', 'job', 'pipeline', 'runner', 'repository',
                                     'build', 'condition', 'rule', 'transition', 'schedule')),
  pipeline TEXT,
  execution TEXT,                        -- uuid
  stage TEXT,
  action TEXT,
  status TEXT,
  detail TEXT                            -- JSON object
) STRICT;
INSERT INTO events_new (sequence, time_ms, type, pipeline, execution, stage, action, status, detail)
  SELECT sequence, time_ms, type, pipeline, execution, stage, action, status, detail FROM events;
DROP TABLE events;
ALTER TABLE events_new RENAME TO events;

-- Those under way in their order: with the first one's index SQLite went through all executions of a pipeline for that.
DROP INDEX executions_active;
CREATE INDEX executions_active ON executions (pipeline_id, number) WHERE place <> 'ended';
