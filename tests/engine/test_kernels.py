"""Loops over chunks: what their threaded builds would drop."""

import ast
from pathlib import Path

import pytest

import sim

FILES = sorted(Path(sim.__file__).parent.rglob("*.py"))


def chunk_loops(text: str) -> list[ast.FunctionDef]:
    """The functions of a file that are compiled as loops over chunks."""
    return [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "chunk_loop" for d in node.decorator_list)
    ]


def dropped(function: ast.FunctionDef) -> list[str]:
    """Statements that write into a column of a NamedTuple, by itself or under another name."""
    aliases = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for targets, values in [(node.targets[0], node.value)]
        for target, value in (
            zip(targets.elts, values.elts, strict=True)
            if isinstance(targets, ast.Tuple) and isinstance(values, ast.Tuple)
            else [(targets, values)]
        )
        if isinstance(target, ast.Name) and "." in ast.unparse(value).split("[")[0].split("(")[0].removeprefix("np.")
    }
    return [
        ast.unparse(node)
        for node in ast.walk(function)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        if isinstance(node.value, ast.Attribute) or (isinstance(node.value, ast.Name) and node.value.id in aliases)
    ]


def test_no_chunk_loop_writes_into_a_named_tuple_itself():
    """numba's threaded build takes such a write for dead code and drops it; rules do it instead."""
    loops = {
        f"{file.stem}.{function.name}": dropped(function)
        for file in FILES
        for function in chunk_loops(file.read_text(encoding="utf-8"))
    }
    assert {"approach._approach", "messages._messages", "attitudes._attitudes"} <= set(loops)
    assert not {name: writes for name, writes in loops.items() if writes}


@pytest.mark.parametrize(
    "body",
    ["people.status[i] = 1", "people.status[i], x = 1, 2", "status = people.status\n    status[i] += 1",
     "a, b = people.status, people.woman[2:5]\n    b[i] = 1"],
)  # fmt: skip
def test_such_writes_are_found(body):
    [function] = chunk_loops(f"@chunk_loop\ndef f(chunks, people, out):\n    out[0] = people.status[1]\n    {body}\n")
    assert len(dropped(function)) == 1
