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
