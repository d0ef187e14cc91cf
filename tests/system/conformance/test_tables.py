"""CodePipeline's rules as tables (tables/*.txt), each played on a real server."""

import json
import uuid

import pytest
import table as tables
from play import Play, Refused
from stack.sandbox import ACCOUNT

ALL = tables.read_all()


def test_every_table_names_its_rule_and_has_steps():
    for table in ALL:
        assert table.rule and table.stages and table.steps, f"{table.file}: {table.title}"


def outcome(play, done):
    if done.startswith("see "):
        _, what, expression = done.split(None, 2)
        return json.dumps(play.see(what, expression))
    try:
        play.do(done)
    except Refused as refused:
        return f"refused {refused}"
    return play.show()


@pytest.mark.parametrize("table", ALL, ids=lambda table: f"{table.file}: {table.title}")
def test_conforms(client, puppet, table):
    play = Play(client, puppet, tables.declare(table, "t" + uuid.uuid4().hex[:10], ACCOUNT))
    for number, done, expected in table.steps:
        found = outcome(play, done)
        assert found == expected, f"tables/{table.file}.txt:{number}: after '{done}' ({table.rule})"
