"""A long history, written straight into the database of a server that does not run: executions of four stages with all
that belongs to them, of 50 pipelines, half of them the first one's.
"""

import os
import shutil
import sqlite3

PIPELINES = 50
BYTES_EACH = 8000  # about what one execution takes, indexes included, while the file is made
_UUID = "printf('{prefix}%07x-0000-4000-8000-%012x', {number}, {number})"
_EXECUTION = _UUID.format(prefix="e", number="{0}")
_ACTION = _UUID.format(prefix="a", number="{0}")
_JOB = _UUID.format(prefix="b", number="{0}")

# From a table `made`: id, pipeline_id, number, status, started_ms.
_STATEMENTS = {
    "executions": f"""
        INSERT INTO executions (id, uuid, pipeline_id, number, version, mode, status, place, stage_index, trigger_type, trigger_detail, started_by, started_ms, updated_ms, ended_ms)
        SELECT id, {_EXECUTION.format("id")}, pipeline_id, number, 1, 'QUEUED', status, 'ended', 3, 'CloudWatchEvent', 'push to main', 'ada', started_ms, started_ms + 9000, started_ms + 9000 FROM made""",
    "stage_runs": """
        INSERT INTO stage_runs (id, execution_id, pipeline_id, stage_index, name, status, holds_lock, run_order, started_ms, updated_ms, ended_ms)
        SELECT m.id * 4 + s.stage, m.id, m.pipeline_id, s.stage, s.name, CASE WHEN s.stage = 3 THEN m.status ELSE 'Succeeded' END, 0, 1, m.started_ms + s.stage * 2000, m.started_ms + s.stage * 2000 + 1500, m.started_ms + s.stage * 2000 + 1500
        FROM made m CROSS JOIN stages s""",
    "action_runs": f"""
        INSERT INTO action_runs (id, uuid, execution_id, stage_run_id, pipeline_id, stage, action, category, provider, run_order, status, configuration, inputs, outputs, summary, started_ms, updated_ms, ended_ms)
        SELECT m.id * 4 + s.stage, {_ACTION.format("m.id * 4 + s.stage")}, m.id, m.id * 4 + s.stage, m.pipeline_id, s.name, s.action, s.category, s.provider, 1, CASE WHEN s.stage = 3 THEN m.status ELSE 'Succeeded' END, s.configuration, s.inputs, s.outputs, 'It is done', m.started_ms + s.stage * 2000, m.started_ms + s.stage * 2000 + 1500, m.started_ms + s.stage * 2000 + 1500
        FROM made m CROSS JOIN stages s""",
    "logs": f"""
        INSERT INTO logs (id, closed, created_ms) SELECT {_ACTION.format("m.id * 4 + s.stage")}, 1, m.started_ms FROM made m CROSS JOIN stages s""",
    "builds": f"""
        INSERT INTO builds (id, uuid, project, number, status, document, state, initiator, action_run_id, started_ms, ended_ms)
        SELECT m.id, {_UUID.format(prefix="d", number="m.id")}, 'project-' || m.pipeline_id, m.number, 'SUCCEEDED', '{{"source":{{"type":"CODEPIPELINE"}}}}', '{{"currentPhase":"COMPLETED","phases":[]}}', 'codepipeline/bench', m.id * 4 + 1, m.started_ms, m.started_ms + 1500
        FROM made m WHERE m.id % 4 = 0""",
    "jobs": f"""
        INSERT INTO jobs (id, provider, state, token, attempts, most_attempts, runner_id, claim_id, outcome, action_run_id, log_id, sequence, queued_ms, started_ms, ended_ms)
        SELECT {_JOB.format("m.id * 4 + s.stage")}, s.provider, 'done', 1, 1, 3, (SELECT id FROM runners LIMIT 1), {_UUID.format(prefix="c", number="m.id * 4 + s.stage")}, CASE WHEN s.stage = 3 AND m.status = 'Failed' THEN 'failed' ELSE 'succeeded' END, m.id * 4 + s.stage, {_ACTION.format("m.id * 4 + s.stage")}, m.id * 4 + s.stage, m.started_ms, m.started_ms + 10, m.started_ms + 1500
        FROM made m CROSS JOIN stages s""",
    "revisions": """
        INSERT INTO source_revisions (execution_id, action, artifact, asked, revision_id, summary, author, branch, created_ms)
        SELECT id, 'App', 'App', printf('%040x', id), printf('%040x', id), 'Change ' || number, 'Ada', 'main', started_ms FROM made""",
    "variables": "INSERT INTO execution_variables (execution_id, name, value) SELECT id, 'Service', 'service' FROM made",
    "artifacts": f"""
        INSERT INTO artifacts (job_id, name, execution_id, sha256, size_bytes, created_ms)
        SELECT {_JOB.format("id * 4")}, 'App', id, printf('%064x', id), 1000, started_ms FROM made""",
    "events": f"""
        INSERT INTO events (time_ms, type, pipeline, execution, stage, action, status)
        SELECT m.started_ms + s.stage * 2000, 'action', 'bench' || CASE WHEN m.pipeline_id = 1 THEN '' ELSE m.pipeline_id END, {_EXECUTION.format("m.id")}, s.name, s.action, 'Succeeded' FROM made m CROSS JOIN stages s""",
}
_STAGES = [
    (0, "Source", "App", "Source", "CodeCommit", '{"RepositoryName":"bench","BranchName":"main"}', "[]", '["App"]'),
    (1, "Build", "Make", "Compute", "Commands", "{}", '["App"]', "[]"),
    (2, "Test", "Check", "Compute", "Commands", "{}", '["App"]', "[]"),
    (3, "Deploy", "Last", "Deploy", "ECS", '{"ClusterName":"bench","ServiceName":"service"}', '["App"]', "[]"),
]
BATCH = 50_000


def lacks_room(folder, executions):
    """A sentence where the disk has no room for so many; else None."""
    free = shutil.disk_usage(folder).free
    need = executions * BYTES_EACH
    return None if free > need else f"{executions} executions of history take about {need / 1e9:.0f} GB, and '{folder}' has {free / 1e9:.0f} GB free"


def fill(path, executions):
    """Add so many executions; returns the file's size. The first pipeline must have id 1, the others 2 to 50."""
    database = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -1500000", "foreign_keys = OFF"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        database.execute("CREATE TEMP TABLE stages (stage INTEGER, name TEXT, action TEXT, category TEXT, provider TEXT, configuration TEXT, inputs TEXT, outputs TEXT)")
        database.executemany("INSERT INTO stages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _STAGES)
        database.execute("CREATE TEMP TABLE made (id INTEGER PRIMARY KEY, pipeline_id INTEGER, number INTEGER, status TEXT, started_ms INTEGER)")
        first = 1 + (database.execute("SELECT max(id) FROM executions").fetchone()[0] or 0)
        assert first == 1, "the database has executions already"
        for begin in range(1, executions + 1, BATCH):
            _fill_batch(database, begin, min(begin + BATCH, executions + 1))
        database.execute("UPDATE pipelines SET last_number = coalesce((SELECT max(number) FROM executions e WHERE e.pipeline_id = pipelines.id), 0)")
    finally:
        database.close()
    return os.path.getsize(path)


def _fill_batch(database, begin, end):
    database.execute("BEGIN")
    database.execute("DELETE FROM made")
    # Even ones belong to the first pipeline, the others to the rest in turns; one in ten failed in its last stage.
    database.execute(
        """WITH RECURSIVE counted (id) AS (SELECT ?1 UNION ALL SELECT id + 1 FROM counted WHERE id + 1 < ?2)
           INSERT INTO made SELECT id, CASE WHEN id % 2 = 0 THEN 1 ELSE 2 + id / 2 % 49 END, CASE WHEN id % 2 = 0 THEN id / 2 ELSE id / 2 / 49 + 1 END,
           CASE WHEN id % 10 = 7 THEN 'Failed' ELSE 'Succeeded' END, 1700000000000 + id * 10000 FROM counted""",
        (begin, end),
    )
    for statement in _STATEMENTS.values():
        database.execute(statement)
    database.execute("COMMIT")
