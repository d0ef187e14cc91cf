-- What starts pipelines by the clock.

CREATE TABLE schedules (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  name TEXT NOT NULL,
  expression TEXT NOT NULL,              -- 'cron(0 12 * * ? *)', 'rate(1 hour)', 'at(2026-12-01T09:00:00)'
  time_zone TEXT NOT NULL,               -- 'UTC', 'Europe/Berlin'
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  origin TEXT NOT NULL CHECK (origin IN ('api', 'file')),
  anchor_ms INTEGER NOT NULL,            -- rates are counted from here
  next_ms INTEGER,                       -- the next instant; NULL: never
  last_ms INTEGER,                       -- the instant that started something last
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  UNIQUE (pipeline_id, name)
) STRICT;
CREATE INDEX schedules_next ON schedules (next_ms) WHERE enabled = 1 AND next_ms IS NOT NULL;

-- Where the commit can be fetched where its branch does not lead to it: 'refs/tags/v1', 'refs/pull/7/head'.
ALTER TABLE source_revisions ADD COLUMN ref TEXT;

-- 1: a pull request whose branch is in another repository (anybody's) starts pipelines too.
ALTER TABLE source_hooks ADD COLUMN fork_pull_requests INTEGER NOT NULL DEFAULT 0 CHECK (fork_pull_requests IN (0, 1));

-- 1: its tags are among repository_refs. 0: it is older than that; the first look only notes them.
ALTER TABLE repositories ADD COLUMN tags_noted INTEGER NOT NULL DEFAULT 0 CHECK (tags_noted IN (0, 1));
