"""The server's database, read only, beside the server or without it."""

import contextlib
import os
import sqlite3


def rows(folder, statement, parameters=()):
    """The rows of a question; an empty list where the database cannot be read at this moment (its server just died)."""
    try:
        with contextlib.closing(open_read_only(folder)) as connection:
            return connection.execute(statement, parameters).fetchall()
    except sqlite3.OperationalError:
        return []


def open_read_only(folder):
    """A connection that writes nothing, and so never checkpoints beside the server."""
    path = os.path.join(folder, "penstock.db")
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)


def last_event(folder):
    found = rows(folder, "SELECT max(sequence) FROM events")
    return found[0][0] or 0 if found else 0


def dump(folder, without=()):
    """{table: sorted rows} of everything, leaving out the columns named "table.column" in `without`."""
    tables = {}
    with contextlib.closing(open_read_only(folder)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        for name in names:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})") if f"{name}.{row[1]}" not in without]
            tables[name] = sorted(connection.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall(), key=repr)
    return tables
