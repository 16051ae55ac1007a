"""Quantiles of distributions by exact steps, so that a draw has the same bits everywhere (see `sim.engine.elementary`).

They agree with scipy to about 13 digits. scipy's own change in the last digits with the processor and the version.
"""

from __future__ import annotations

from functools import cache
from math import sqrt

from sim.engine.exact import exp, log, log1p, normal_quantile

_HALF_LOG_TWO_PI = 0.9189385332046727
_STIRLING = (1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)
"""The series for log gamma in 1 / x^2 (Abramowitz and Stegun 1964, 6.1.41), the last term first."""
_ONE = 1e-15  # a factor this near to 1 is 1
_SMALL_STEP = 1e-9  # after such a step of Newton's what is missing is its square
_ROUNDS = 500


def normal_mass(z: float) -> float:
    """Mass of the standard normal below `z`, by the series of Abramowitz and Stegun (1964), 26.2.11."""
    total, term, n = z, z, 1
    while total + term != total:
        n += 2
        term *= z * z / n
        total += term
    return 0.5 + total * float(exp(-0.5 * z * z)) / sqrt(6.283185307179586)


def normal_above_zero(u: float, mean: float, sd: float) -> float:
    """The quantile of a normal that is cut off at 0."""
    return mean - sd * float(normal_quantile((1.0 - u) * normal_mass(mean / sd)))


def beta(u: float, a: float, b: float) -> float:
    """The quantile of a beta distribution: Newton's steps, and halving where one would leave the bracket."""
    if u > 0.5:
        return 1.0 - beta(1.0 - u, b, a)
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(_ROUNDS):
        mass, density = _beta(x, a, b)
        low, high = (x, high) if mass < u else (low, x)
        step = (u - mass) / density if density > 0.0 else 1.0
        if abs(step) <= _SMALL_STEP * x:
            return x + step
        x = x + step if low < x + step < high else 0.5 * (low + high)
    return x


def _beta(x: float, a: float, b: float) -> tuple[float, float]:
    """Mass of a beta distribution below `x`, by its continued fraction (Lentz's method; DLMF 8.17.22), and density."""
    if x > (a + 1.0) / (a + b + 2.0):
        mass, density = _beta(1.0 - x, b, a)
        return 1.0 - mass, density
    weight = float(exp(a * log(x) + b * log1p(-x) - _log_beta(a, b)))
    over, under, value, k = 1.0, 0.0, 1.0, 0
    while k < 2 or abs(over * under - 1.0) > _ONE:
        k += 1
        m = k // 2
        if k % 2:
            d = -(a + m) * (a + b + m) * x / ((a + k - 1.0) * (a + k))
        else:
            d = m * (b - m) * x / ((a + k - 1.0) * (a + k))
        under = 1.0 / (1.0 + d * under)
        over = 1.0 + d / over
        value *= over * under
    return weight / (a * value), weight / (x * (1.0 - x))


@cache
def _log_beta(a: float, b: float) -> float:
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _log_gamma(x: float) -> float:
    below = 1.0
    while x < 10.0:
        below *= x
        x += 1.0
    series = 0.0
    for term in _STIRLING:
        series = series / (x * x) + term
    return float((x - 0.5) * log(x) - x + _HALF_LOG_TWO_PI + series / x - log(below))
