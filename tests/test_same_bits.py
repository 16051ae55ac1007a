"""A seed means the same run on every processor: what could choose by the processor is not used, and bits are equal."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.stores.sources import ABOVE_THE_WEEK, PACKAGE

FILES = sorted(file for file in PACKAGE.rglob("*.py") if file.relative_to(PACKAGE).parts[0] not in ABOVE_THE_WEEK)
OURS = {"exact", "elementary", "quantiles"}
"""Modules of `sim.engine` whose functions may have any name."""
IN_NUMPY = {"partition", "dist"}  # texts and distributions have these names, too
CHOOSES = {
    # code by the processor, or the C library's
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "logaddexp2", "power", "pow", "float_power",
    "cbrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "asin", "acos", "atan", "atan2", "sinh",
    "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "asinh", "acosh", "atanh", "hypot", "sinc", "radians",
    "degrees", "deg2rad", "rad2deg", "erf", "erfc", "gamma", "lgamma", "ppf", "cdf", "inv_cdf",
    # sums in an order that is not fixed, or with fused steps
    "dot", "vdot", "inner", "matmul", "einsum", "tensordot", "linalg", "convolve", "correlate", "fft", "interp",
    "polyfit", "polyval", "std", "var", "nanstd", "nanvar", "cov", "corrcoef", "average", "percentile", "sumprod",
    # ties in any order, luck of another kind
    "argpartition", "random",
}  # fmt: skip
MODULES = {"scipy", "statistics", "random", "cmath", "ctypes"}
ALLOWED = {
    ("measures/posted.py", "imams_to_ask", "**"): "of a plan, which is no result of a run",
    ("population/groups.py", "least", "partition"): "only for the number at one place, which no order of ties changes",
    ("parameters.py", "free", "cdf"): "a check of the table",
    ("priors.py", "prior", "scipy"): "the distributions that people look at; draws come from `quantile`",
    ("measures/coordination.py", "delivery", "sum"): "counts yes and no",
    ("measures/imam_training.py", "departures", "sum"): "of whole numbers",
    ("measures/imam_training.py", "plan", "sum"): "of whole numbers",
}


def faults(tree: ast.AST) -> set[tuple[str, str]]:
    """Each use of what the bits of a run may not hang on: function it stands in, and what it is."""
    found = set()

    def look(node: ast.AST, where: str) -> None:
        if isinstance(node, ast.FunctionDef):
            where = node.name
        for what in _of(node):
            found.add((where, what))
        for child in ast.iter_child_nodes(node):
            look(child, where)

    look(tree, "")
    return found


def _of(node: ast.AST):
    if isinstance(node, ast.Attribute) and node.attr in CHOOSES:
        if getattr(node.value, "id", "") not in OURS:
            yield node.attr
    elif isinstance(node, ast.Attribute) and node.attr in IN_NUMPY and getattr(node.value, "id", "") in ("np", "math"):
        yield node.attr
    elif isinstance(node, ast.BinOp | ast.AugAssign):
        if isinstance(node.op, ast.MatMult):
            yield "@"
        if isinstance(node.op, ast.Pow) and not (isinstance(node, ast.BinOp) and _whole(node.left, node.right)):
            yield "**"
    elif isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name.split(".")[0] in MODULES)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        if node.module.split(".")[0] in MODULES:
            yield node.module.split(".")[0]
        if node.module.split(".")[0] in ("math", "numpy"):
            yield from (one.name for one in node.names if one.name in CHOOSES)
    elif isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if isinstance(node.func, ast.Name) and name in ("sum", "pow"):
            yield name  # Python 3.12 adds up numbers in another way than 3.11
        stable = any(k.arg == "kind" and getattr(k.value, "value", "") == "stable" for k in node.keywords)
        if name == "argsort" and not stable:
            yield "argsort without kind='stable'"


def _whole(*nodes: ast.AST) -> bool:
    return all(isinstance(node, ast.Constant) and isinstance(node.value, int) for node in nodes)


def test_nothing_that_decides_a_run_uses_what_differs_between_processors():
    assert len(FILES) > 60
    found = {
        (file.relative_to(PACKAGE).as_posix(), where, what)
        for file in FILES
        for where, what in faults(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert found - ALLOWED.keys() == set(), "use sim.engine.exact, or elementary in compiled loops; sums of numpy"
    assert ALLOWED.keys() - found == set(), "no longer there: take it off the list"


@pytest.mark.parametrize(
    "code",
    ["np.exp(x)", "y = x ** 0.5", "y **= 2", "a @ b", "sum(x)", "x.std()", "from math import log", "math.pow(x, y)",
     "from scipy import stats", "np.argsort(x)", "np.linalg.solve(a, b)", "2 ** -x"],
)  # fmt: skip
def test_the_look_at_the_sources_finds_each_kind(code):
    assert faults(ast.parse(code))


@pytest.mark.parametrize("code", ["exact.exp(x)", "10 ** 6", "x.sum()", "np.sqrt(x)", "np.argsort(x, kind='stable')"])
def test_the_look_at_the_sources_lets_the_rest_be(code):
    assert not faults(ast.parse(code))


# --- the same bits, whatever is chosen ---------------------------------------------------------------------

DIGESTS = """
import hashlib, sys
import sim
from sim.parameters import Parameters

settings = ["persons_per_youth=2000", "end=2012-06-30"]
scenario = sim.load(sys.argv[1], settings)
print(*(sim.run(scenario, seed=1, draw=draw).digest for draw in (0, 2)))
draws = [sorted(Parameters.default().drawn(draw).as_dict().items()) for draw in range(1, 20)]
print(hashlib.sha256(repr(draws).encode()).hexdigest())
"""
OUTSIDE = """
import re
from numba.core.dispatcher import Dispatcher

modules = [module for name, module in sys.modules.items() if name.startswith("sim.")]
seen = [value for module in modules for value in vars(module).values()]
loops = {one for value in seen for one in (value, getattr(value, "one", None)) if isinstance(one, Dispatcher)}
texts = [text for one in loops for text in one.inspect_llvm().values()]
assert len(texts) > 20, len(texts)
called = {name for text in texts for name in re.findall(r"@(?:llvm[.])?([a-z][a-z0-9]*)(?:[.][a-z0-9]+)?[(]", text)}
print(*sorted(called & set(sys.argv[2].split())), "and no other")
"""
# Not log10, by which numba writes numbers into messages.
MATHEMATICAL = "exp exp2 expm1 log log2 log1p pow powi sin cos tan tanh hypot cbrt atan2 fma fmuladd ldexp frexp"
SETTINGS = {
    "no AVX-512 and no AVX2 in numpy": {
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX X86_V3 X86_V4"
    },
    "no AVX2 and no FMA in the C library": {
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F,-AVX2_Usable,-FMA_Usable,-FMA4_Usable"
    },
    "another BLAS": {"OPENBLAS_CORETYPE": "Prescott"},
}


def _made(folder: Path, code: str, **settings: str) -> list[str]:
    scenario = PACKAGE.parent / "scenarios" / "all_measures.yaml"
    path = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", "-c", code, str(scenario), MATHEMATICAL]
    env = {**os.environ, "PYTHONPATH": path, **settings}
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_processors_that_can_less_give_the_same_bits(tmp_path):
    right = _made(tmp_path, DIGESTS)
    for name, settings in SETTINGS.items():
        assert _made(tmp_path, DIGESTS, **settings) == right, name
    plain = _made(tmp_path, DIGESTS + OUTSIDE, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="",
                  NUMBA_CACHE_DIR=str(tmp_path / "compiled"))  # fmt: skip
    assert plain[:-1] == right, "compiled for any x86-64 or ARM64"
    assert plain[-1] == "and no other", "compiled loops call functions of the C library, or may fuse steps"
