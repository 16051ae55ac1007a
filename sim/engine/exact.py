"""exp, log, powers, sine and the normal quantile of numbers and arrays: the same bits on every processor.

Use these instead of `np.exp`, `math.log`, `**` and the like wherever a number of a run depends on the result. They are
the rules of `sim.engine.elementary`, which says how they work, and are compiled on first use. So this file can be
imported where nothing may be compiled yet, as in measures. Numbers give numbers, arrays give new float64 arrays.

>>> exp(0.0), power(3.0, 2.0)
(1.0, 9.0)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np


def exp(x: Any) -> Any:
    """e^x."""
    return _exp_of_number(x) if isinstance(x, float) else _each(_loops().exp_each, x)


def expm1(x: Any) -> Any:
    """e^x - 1, right for small x too."""
    return _each(_loops().expm1_each, x)


def log(x: Any) -> Any:
    """The natural logarithm: minus infinity at 0, no number below."""
    return _each(_loops().log_each, x)


def log1p(x: Any) -> Any:
    """log(1 + x), right for small x too."""
    return _each(_loops().log1p_each, x)


def normal_quantile(u: Any) -> Any:
    """The standard normal quantile: infinite at 0 and 1."""
    return _each(_loops().normal_quantile_each, u)


def power(x: Any, y: Any) -> Any:
    """x^y for x >= 0 (broadcast)."""
    if isinstance(x, float) and isinstance(y, float):
        return _power_of_numbers(x, y)
    shape = np.broadcast_shapes(np.shape(x), np.shape(y))
    base, exponent = np.empty(shape), np.empty(shape)
    base[...], exponent[...] = x, y
    _loops().power_each(base.reshape(-1), exponent.reshape(-1))
    return base if base.ndim else base.item()


# Numbers are mostly parameters, of which the same powers are needed every week.


@lru_cache(maxsize=1024)
def _exp_of_number(x: float) -> Any:
    return _each(_loops().exp_each, x)


@lru_cache(maxsize=1024)
def _power_of_numbers(x: float, y: float) -> Any:
    one = np.array((x,))
    _loops().power_each(one, np.array((y,)))
    return one.item()


@cache
def _loops() -> Any:
    from sim.engine import elementary  # loads numba

    return elementary


def _each(loop: Callable, x: Any) -> Any:
    """Let a loop change a copy of the number or array."""
    if isinstance(x, float):  # the usual case, and the fastest way
        one = np.array((x,))
        loop(one)
        return one.item()
    values = np.array(x, np.float64, order="C")
    loop(values.reshape(-1))
    return values if values.ndim else values.item()


# --- sine and its kin, in steps of numpy on whole arrays, because maps need them before anything is compiled -------

_TWO_OVER_PI = 6.36619772367581382433e-01
_HALF_PI = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)  # 33 bits each, the rest
_QUARTER_PI, _HALF_PI_LOW = 7.85398163397448278999e-01, 6.12323399573676603587e-17
_SIN = (1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
        -1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01)  # fmt: skip
_COS = (-1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
        2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02)  # fmt: skip
_ASIN_OVER = (3.47933107596021167570e-05, 7.91534994289814532176e-04, -4.00555345006794114027e-02,
              2.01212532134862925881e-01, -3.25565818622400915405e-01, 1.66666666666666657415e-01)  # fmt: skip
_ASIN_UNDER = (7.70381505559019352791e-02, -6.88283971605453293030e-01, 2.02094576023350569471e00,
               -2.40339491173441421878e00, 1.0)  # fmt: skip


def sin(x: Any) -> Any:
    """The sine, for |x| below a million."""
    return _wave(x, 0)


def cos(x: Any) -> Any:
    """The cosine, for |x| below a million."""
    return _wave(x, 1)


def tan_pi(x: Any) -> Any:
    """tan(pi x) for x from -1/2 to 1/2."""
    x = np.asarray(x, np.float64)
    steep = np.abs(x) > 0.25
    angle = np.pi * np.where(steep, 0.5 - np.abs(x), np.abs(x))
    sine, cosine = _sin_near_zero(angle), _cos_near_zero(angle)
    with np.errstate(divide="ignore"):
        return np.copysign(np.where(steep, cosine, sine) / np.where(steep, sine, cosine), x)


def arcsin(x: Any) -> Any:
    """The arc sine, for x from -1 to 1."""
    x = np.asarray(x, np.float64)
    a = np.abs(x)
    far = a > 0.5
    z = np.where(far, 0.5 * (1.0 - a), x * x)
    q = z * _polynomial(z, _ASIN_OVER) / _polynomial(z, _ASIN_UNDER)
    if not far.any():
        return x + x * q
    s = np.sqrt(z)
    w = s.astype(np.float32).astype(np.float64)
    lacks = (z - w * w) / np.where(s > 0.0, s + w, 1.0)
    value = _QUARTER_PI - ((2.0 * s * q - (_HALF_PI_LOW - 2.0 * lacks)) - (_QUARTER_PI - 2.0 * w))
    return np.where(far, np.copysign(value, x), x + x * q)


def _wave(x: Any, quarters: int) -> Any:
    """Sine of x and a number of quarter turns."""
    x = np.asarray(x, np.float64)
    k = np.rint(x * _TWO_OVER_PI)
    turn = k.astype(np.int64) + quarters
    r = x
    if k.any():
        for part in _HALF_PI:
            r = r - k * part
    if not (turn & 1).any():
        value = _sin_near_zero(r)
    elif (turn & 1).all():
        value = _cos_near_zero(r)
    else:
        value = np.where(turn & 1, _cos_near_zero(r), _sin_near_zero(r))
    return np.where(turn & 2, -value, value) if (turn & 2).any() else value


def _sin_near_zero(x: Any) -> Any:
    z = x * x
    return x + x * (z * _polynomial(z, _SIN))


def _cos_near_zero(x: Any) -> Any:
    z = x * x
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + z * (z * _polynomial(z, _COS)))


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    total = coefficients[0] * x + coefficients[1]
    for c in coefficients[2:]:
        total *= x
        total += c
    return total
