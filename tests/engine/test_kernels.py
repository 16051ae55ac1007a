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
    """Statements that write into a column of a NamedTuple, by itself or under a name it was given inside a loop."""
    aliases = {
        target.id
        for loop in ast.walk(function)
        if isinstance(loop, ast.For)
        for node in ast.walk(loop)
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
    assert {"hazard._average", "messages._messages", "attitudes._attitudes"} <= set(loops)
    assert not {name: writes for name, writes in loops.items() if writes}


@pytest.mark.parametrize(
    "body",
    ["people.status[i] = 1", "people.status[i], x = 1, 2", "status = people.status\n        status[i] += 1",
     "a, b = people.status, people.woman[2:5]\n        b[i] = 1"],
)  # fmt: skip
def test_such_writes_are_found(body):
    loop = f"    for i in prange(9):\n        out[i] = people.status[i]\n        {body}\n"
    [function] = chunk_loops(f"@chunk_loop\ndef f(chunks, people, out):\n{loop}")
    assert len(dropped(function)) == 1


def test_a_column_taken_out_before_the_loop_may_be_written():
    body = "    status = people.status\n    for i in prange(9):\n        status[i] = 1\n"
    [function] = chunk_loops(f"@chunk_loop\ndef f(chunks, people):\n{body}")
    assert not dropped(function)


@pytest.mark.slow
def test_one_thread_or_two_settle_the_same_society():
    """The threaded build is chosen from 150,000 youths on: here it writes columns that it took out of a tuple."""
    import numba
    import numpy as np

    from sim.parameters import Parameters
    from sim.population.imams import first_imams
    from sim.population.youth import settle
    from sim.world.grid import world_grid

    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one core only")
    grid, p, made, before = world_grid(), Parameters.default(), [], numba.get_num_threads()
    try:
        for threads in (1, 2):
            numba.set_num_threads(threads)
            made.append(settle(grid, p, 30, 1, first_imams(grid, p)))
    finally:
        numba.set_num_threads(before)
    assert len(made[0].cell) > 150_000
    for name in ("cell", "imam", "language"):
        assert np.array_equal(getattr(made[0], name), getattr(made[1], name))
    assert made[0].cell.any()
