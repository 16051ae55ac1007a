"""exp, log, powers and the rest against true values: right to the last bits, also at the ends of the range."""

import math
from decimal import Decimal, localcontext
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from sim.engine import elementary, exact, quantiles
from sim.engine.kernels import loop

INF, NAN = math.inf, math.nan
MANY = 500
DIGITS = 60


def spread_out(seed: int, *ranges: tuple[float, float]) -> np.ndarray:
    """Numbers from each range, evenly, and as many near its ends and near 0."""
    draw = np.random.default_rng(seed)
    parts = [draw.uniform(low, high, MANY) for low, high in ranges]
    near = 10.0 ** draw.uniform(-17, 0, MANY)
    return np.concatenate([*parts, *(low + near * (high - low) for low, high in ranges), np.sort(near)])


def worst(found: np.ndarray, true: list[Decimal]) -> float:
    """The largest error in units of the last place of the true value."""
    assert len(found) == len(true) > 0
    return max(abs(Decimal(float(x)) - t) / Decimal(math.ulp(float(t))) for x, t in zip(found, true, strict=True))


def of(function, *columns: np.ndarray) -> list[Decimal]:
    with localcontext() as context:
        context.prec = DIGITS
        return [function(*map(Decimal, map(float, row))) for row in zip(*columns, strict=True)]


def sine(x: Decimal) -> Decimal:
    total = term = x
    n = 1
    while abs(term) > Decimal(10) ** -DIGITS * abs(total):
        n += 2
        term *= -x * x / (n * (n - 1))
        total += term
    return total


def cosine(x: Decimal) -> Decimal:
    total = term = Decimal(1)
    n = 0
    while abs(term) > Decimal(10) ** -DIGITS:
        n += 2
        term *= -x * x / (n * (n - 1))
        total += term
    return total


def test_exp():
    x = spread_out(1, (-745.0, 709.7), (-1.0, 1.0), (-40.0, 0.0))
    assert worst(exact.exp(x), of(Decimal.exp, x)) < 1.0
    assert worst(exact.exp(x := np.linspace(-745.1, -708.0, MANY)), of(Decimal.exp, x)) < 1.0, "subnormal numbers"


def test_expm1():
    x = spread_out(2, (-40.0, 700.0), (-1.0, 1.0), (-1e-6, 1e-6))
    assert worst(exact.expm1(x), of(lambda d: d.exp() - 1, x)) < 2.0


def test_log():
    x = np.concatenate([spread_out(3, (0.4, 2.5), (1.0, 1e6)), 2.0 ** np.linspace(-1074, 1023.9, MANY)])
    x = x[x != 1.0]
    assert worst(exact.log(x), of(Decimal.ln, x)) < 1.0
    assert exact.log(1.0) == 0.0


def test_log1p():
    x = spread_out(4, (-0.99, 5.0), (-1e-5, 1e-5), (0.0, 1e9))
    x = x[x > -1.0]
    assert worst(exact.log1p(x), of(lambda d: (1 + d).ln(), x)) < 2.0


def test_powers():
    draw = np.random.default_rng(5)
    x = np.concatenate(
        [2.0 ** draw.uniform(-1000, 1000, MANY), draw.uniform(0.0, 2.0, MANY), draw.uniform(1, 1e7, MANY)]
    )
    y = np.concatenate([draw.uniform(-1, 1, MANY), draw.uniform(-300, 300, MANY), draw.uniform(-3, 5, MANY)])
    true = of(lambda d, e: (d.ln() * e).exp(), x, y)
    inside = [k for k, t in enumerate(true) if Decimal("1e-300") < t < Decimal("1e300")]
    assert len(inside) > 2 * MANY
    assert worst(exact.power(x, y)[inside], [true[k] for k in inside]) < 1.0
    whole = np.arange(1.0, 400.0)
    assert (exact.power(whole, 3.0) == whole * whole * whole).all()
    assert (exact.power(whole * whole, 0.5) == whole).all()


def test_sine_and_its_kin():
    x = spread_out(6, (-0.785, 0.785), (-7.0, 7.0))
    assert worst(exact.sin(x), of(sine, x)) < 2.0
    assert worst(exact.cos(x), of(cosine, x)) < 2.0
    with localcontext() as context:
        context.prec = DIGITS
        pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
        v = spread_out(7, (-0.4999, 0.4999), (-0.25, 0.25))
        v = v[np.abs(v) < 0.5]
        true = [sine(pi * Decimal(float(x))) / cosine(pi * Decimal(float(x))) for x in v]
        assert worst(exact.tan_pi(v), true) < 4.0
        a = np.linspace(-0.9999, 0.9999, 2 * MANY)
        found = exact.arcsin(a)
        angles = [Decimal(float(y)) for y in found]
        missing = [(Decimal(float(x)) - sine(y)) / cosine(y) for x, y in zip(a, angles, strict=True)]
        assert max(abs(m) / Decimal(math.ulp(y)) for m, y in zip(missing, found, strict=True)) < 1.0


@pytest.mark.parametrize(
    ("name", "given", "right"),
    [
        ("exp", (0.0, -0.0, INF, -INF, NAN, 709.78, 709.79, -745.2, 1e300, -1e300),
         (1.0, 1.0, INF, 0.0, NAN, math.exp(709.78), INF, 0.0, INF, 0.0)),
        ("expm1", (0.0, INF, -INF, NAN, -50.0, 710.0, 5e-324), (0.0, INF, -1.0, NAN, -1.0, INF, 5e-324)),
        ("log", (0.0, -0.0, 1.0, INF, -INF, NAN, -1.0, 5e-324),
         (-INF, -INF, 0.0, INF, NAN, NAN, NAN, math.log(5e-324))),
        ("log1p", (0.0, -1.0, -2.0, INF, NAN, 5e-324), (0.0, -INF, NAN, INF, NAN, 5e-324)),
        ("sin", (0.0, NAN), (0.0, NAN)),
        ("cos", (0.0, NAN), (1.0, NAN)),
        ("tan_pi", (0.0, 0.25, 0.5, -0.5, NAN), (0.0, 1.0, INF, -INF, NAN)),
        ("arcsin", (0.0, 1.0, -1.0, NAN), (0.0, math.pi / 2, -math.pi / 2, NAN)),
        ("normal_quantile", (0.0, 0.5, 1.0, NAN), (-INF, 0.0, INF, NAN)),
    ],
)  # fmt: skip
def test_the_ends_of_the_range(name, given, right):
    with np.errstate(invalid="ignore"):
        found = getattr(exact, name)(np.array(given))
    np.testing.assert_allclose(found, right, rtol=3e-16, atol=0.0)


def test_the_ends_of_powers():
    ends = (0.0, 0.5, 1.0, 2.0, INF, NAN, 5e-324)
    x, y = (a.ravel() for a in np.meshgrid(ends, (*ends, -0.5, -1.0, -INF, 1e300, -1e300)))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(exact.power(x, y), np.power(x, y), rtol=3e-16, atol=0.0)
    assert math.isnan(exact.power(-2.0, 0.7))
    assert exact.power(-2.0, 0.0) == 1.0


def test_numbers_give_numbers_and_arrays_new_arrays():
    assert type(exact.exp(1)) is float
    given = np.arange(12, dtype=np.float32).reshape(3, 4).T
    given.flags.writeable = False
    found = exact.exp(given)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.exp(given, dtype=np.float64), rtol=1e-15)
    assert exact.power(np.ones((3, 1)), np.ones(2)).shape == (3, 2)
    assert exact.power(2.0, np.array([1.0, 3.0])).tolist() == [2.0, 8.0]


@loop
def _one_by_one(x, y, out):
    for i in range(x.size):
        out[0, i], out[1, i] = elementary.exp(x[i]), elementary.log(x[i])
        out[2, i], out[3, i] = elementary.power(x[i], y[i]), elementary.normal_quantile(y[i])


def test_loops_arrays_and_single_numbers_get_the_same_bits():
    draw = np.random.default_rng(8)
    x, y = draw.uniform(0.0, 30.0, 999), draw.uniform(0.0, 1.0, 999)
    out = np.empty((4, 999))
    _one_by_one(x, y, out)
    for row, found in zip(out, (exact.exp(x), exact.log(x), exact.power(x, y), exact.normal_quantile(y)), strict=True):
        assert (row == found).all()
    assert [exact.exp(float(one)) for one in x[:50]] == out[0, :50].tolist()


# --- quantiles -------------------------------------------------------------------------------------------

UNITS = np.concatenate([np.linspace(0.0005, 0.9995, 40), [1e-12, 2.0**-33, 1 - 2.0**-33]])


def test_the_normal_quantile():
    right = [NormalDist().inv_cdf(u) for u in UNITS]
    np.testing.assert_allclose(exact.normal_quantile(UNITS), right, rtol=2e-15, atol=1e-16)


@pytest.mark.parametrize(
    "shapes", [(1, 60), (1.5, 48), (12, 67), (15, 5), (9, 1), (3, 3), (0.5, 0.5), (0.3, 4), (1, 1)]
)
def test_the_beta_quantile(shapes):
    found = [quantiles.beta(u, *shapes) for u in UNITS]
    np.testing.assert_allclose(found, stats.beta(*shapes).ppf(UNITS), rtol=1e-12)


def test_the_quantile_of_a_normal_above_zero():
    for mean, sd in ((0.05, 0.05), (1.0, 0.3), (-0.1, 0.2)):
        found = [quantiles.normal_above_zero(u, mean, sd) for u in UNITS]
        right = stats.truncnorm(-mean / sd, INF, loc=mean, scale=sd).ppf(UNITS)
        np.testing.assert_allclose(found, right, rtol=1e-8, atol=1e-14)  # of scipy: its upper tail
