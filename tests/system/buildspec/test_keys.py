"""No key of a buildspec is without a case: README.md's table against the documentation, the variables that the runner
sets, and the cases. Needs no engine."""

import re

import yaml

from case import TABLE

ROOT = TABLE.parents[2]
NAME = re.compile(r"`([A-Za-z_][A-Za-z0-9_.-]*)`")


def rows(text, header):
    """The rows of those tables whose first cell is the header, each a list of cells."""
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else []
        if cells and inside and not line.startswith("|--"):
            yield cells
        inside = bool(cells) and (inside or cells[0] == header)


def table():
    """key -> its cases"""
    return {NAME.fullmatch(cells[0])[1]: cells[1].split() for cells in rows((TABLE / "README.md").read_text(), "key")}


def test_each_key_of_the_documentation_has_a_case():
    words = {word for key in table() for word in (key, key.rpartition(".")[2])}
    named = {name for cells in rows((ROOT / "docs" / "buildspec.md").read_text(), "key") for name in NAME.findall(cells[0])}
    assert len(named) > 30 and not named - words, named - words


def test_each_key_that_is_read_has_a_case():
    """What the parser's own lists of keys name."""
    keys = set()
    for path in (ROOT / "runner" / "buildspec").glob("*.c"):
        for names in re.findall(r"_keys(?:_0_1)?\[\]\s*=\s*\{(.*?)\}", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL), re.DOTALL):
            keys |= set(re.findall(r'"([^"]+)"', names))
    words = {word for key in table() for word in (key.partition(".")[0], key.rpartition(".")[2])}
    assert len(keys) > 25 and not keys - words, keys - words


def test_each_variable_that_is_set_has_a_case():
    names = set()
    for path in (ROOT / "runner" / "buildspec").glob("*.c"):
        names |= set(re.findall(r'"(CODEBUILD_[A-Z_]*[A-Z])"', path.read_text()))
    assert len(names) > 15 and not names - set(table()), names - set(table())


def test_the_cases_of_the_table_write_their_keys():
    wrong = []
    for key, cases in table().items():
        assert cases, key
        for name in cases:
            path = TABLE / f"{name}.yml"
            word = key.rpartition(".")[2]
            if not path.exists():
                wrong.append(f"{key}: there is no case '{name}'")
            elif not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", yaml.safe_load(path.read_text())["buildspec"]):
                wrong.append(f"'{name}' does not write {key}")
    assert not wrong, "\n".join(wrong)
