-- What builds report of their tests and of how much of the code they run: CodeBuild's report groups and reports. A
-- report is kept for 30 days; then it is hidden at once and deleted when another one is written.

CREATE TABLE report_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,             -- 'shop-units' where a build of project 'shop' made it
  type TEXT NOT NULL CHECK (type IN ('TEST', 'CODE_COVERAGE')),
  export TEXT NOT NULL,                  -- JSON: exportConfig as BatchGetReportGroups shows it
  tags TEXT NOT NULL DEFAULT '[]',       -- JSON list of {key, value}
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,             -- the ARN ends in report/GROUP:UUID
  group_id INTEGER REFERENCES report_groups (id), -- NULL: the group is gone, and the report with it
  build_id INTEGER NOT NULL REFERENCES builds (id),
  entry INTEGER NOT NULL,                -- which entry of the buildspec's `reports`, from 0
  type TEXT NOT NULL CHECK (type IN ('TEST', 'CODE_COVERAGE')),
  status TEXT NOT NULL CHECK (status IN ('GENERATING', 'SUCCEEDED', 'FAILED', 'INCOMPLETE', 'DELETING')),
  truncated INTEGER NOT NULL CHECK (truncated IN (0, 1)), -- 1: not every test case is kept
  summary TEXT NOT NULL,                 -- JSON: testSummary or codeCoverageSummary as BatchGetReports shows it
  export TEXT NOT NULL,                  -- JSON: its group's exportConfig when it was written
  problem TEXT,                          -- INCOMPLETE: the sentence that the build's log has
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  UNIQUE (build_id, entry)               -- a build that is done again replaces what it reported before
) STRICT;
CREATE INDEX reports_group ON reports (group_id, id) WHERE group_id IS NOT NULL;
CREATE INDEX reports_expiry ON reports (expires_ms);

CREATE TABLE report_test_cases (
  report_id INTEGER NOT NULL REFERENCES reports (id),
  position INTEGER NOT NULL,             -- 1, 2, 3 ... as they are shown
  status TEXT NOT NULL CHECK (status IN ('SUCCEEDED', 'FAILED', 'ERROR', 'SKIPPED', 'UNKNOWN')),
  name TEXT NOT NULL,
  prefix TEXT,                           -- its class, feature or file
  suite TEXT,
  duration_ns INTEGER NOT NULL,
  message TEXT,
  raw_path TEXT NOT NULL,                -- the file that it stood in
  PRIMARY KEY (report_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE report_coverages (
  report_id INTEGER NOT NULL REFERENCES reports (id),
  position INTEGER NOT NULL,
  uuid TEXT NOT NULL,
  path TEXT NOT NULL,                    -- of the source file
  line_percent REAL NOT NULL,            -- 0 to 100; 100 where there are no lines
  lines_covered INTEGER NOT NULL,
  lines_missed INTEGER NOT NULL,
  branches_covered INTEGER NOT NULL,
  branches_missed INTEGER NOT NULL,
  PRIMARY KEY (report_id, position)
) STRICT, WITHOUT ROWID;
