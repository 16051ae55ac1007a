"""exp, log, powers and the normal quantile by exact steps: the same bits on every processor and in every library.

IEEE 754 fixes the result of + - * / and the square root to the last bit. It does not fix exp or log: numpy, numba and
the C library each choose code by the processor, and these codes differ in the last bit. The functions here use exact
steps only, and numba neither reorders nor fuses them. No other function of this kind may decide a number of a run
(`tests/test_same_bits.py` looks).

The methods and coefficients are those of fdlibm (Sun Microsystems 1993, netlib.org/fdlibm; Cody and Waite's reduction
with polynomials or quotients of them near zero), with these differences: no branches in exp, log and powers, so that
the compiler can widen loops over them; powers by a logarithm in two numbers (Dekker 1971, doi 10.1007/BF01397083) from
the series of the inverse hyperbolic tangent; log1p by Kahan's correction; the normal quantile by algorithm AS 241
(Wichura 1988, doi 10.2307/2347330). Results are within 2 units in the last place of the true value, the quantile within
a relative 1e-15.

These are rules for compiled loops. Elsewhere use `sim.engine.exact`, which has the same functions for numbers and
arrays.
"""

from __future__ import annotations

import numpy as np

from sim.engine.kernels import loop, rule

_WHOLE = 6755399441055744.0  # 1.5 * 2^52: adding it rounds to a whole number, which then stands in the lowest bits
_WHOLE_BITS = np.int64(0x4338000000000000)
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # the first has 32 bits
_SMALLEST_NORMAL = 2.2250738585072014e-308
_TWO_54 = 18014398509481984.0
_ROOT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)
_FRACTION = np.int64(0x000FFFFFFFFFFFFF)
_ONE_BITS = np.int64(0x3FF0000000000000)
_LIMIT = 800.0  # beyond it exp is 0 or infinite


@rule
def _polynomial(x, coefficients):
    """The polynomial with these coefficients, highest power first."""
    total = coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


@rule
def _two_to(k):
    """2^k for a whole number from -1022 to 1023."""
    return np.int64((np.float64(k + _WHOLE).view(np.int64) + 1023) << 52).view(np.float64)


@rule
def _scaled(y, k):
    """y 2^k, rounded once, for any whole k between -2044 and 2046."""
    half = (0.5 * k + _WHOLE) - _WHOLE
    return y * _two_to(half) * _two_to(k - half)


_EXP = (4.13813679705723846039e-08, -1.65339022054652515390e-06, 6.61375632143793436117e-05,
        -2.77777777770155933842e-03, 1.66666666666666019037e-01)  # fmt: skip


@rule
def _exp_parts(x, more):
    """A whole number k and e, so that exp(x + more) = 2^k (1 + e); `more` is below the last bit of x."""
    x = _LIMIT if x > _LIMIT else x
    x = -_LIMIT if x < -_LIMIT else x
    k = (x * _LOG2_E + _WHOLE) - _WHOLE
    high, low = x - k * _LN2_HIGH, k * _LN2_LOW - more
    r = high - low
    t = r * r
    c = r - t * _polynomial(t, _EXP)
    return k, high - (low - r * c / (2.0 - c))


@rule
def exp(x):
    """e^x."""
    k, e = _exp_parts(x, 0.0)
    return _scaled(1.0 + e, k)


@rule
def expm1(x):
    """e^x - 1, right for small x too."""
    k, e = _exp_parts(x, 0.0)
    two_to = _two_to(max(min(k, 1000.0), -100.0))
    value = two_to * e + (two_to - 1.0) if k <= 1000.0 else _scaled(1.0 + e, k)
    return value if x != 0.0 else x


@rule
def _log_parts(x):
    """A whole number k and m from sqrt(1/2) to sqrt(2), so that x = m 2^k, for x > 0."""
    small = x < _SMALLEST_NORMAL
    bits = np.float64(x * _TWO_54 if small else x).view(np.int64) + (_ONE_BITS - _ROOT_HALF_BITS)
    k = np.int64((bits >> 52) + _WHOLE_BITS).view(np.float64) - _WHOLE - 1023.0
    m = np.int64((bits & _FRACTION) + _ROOT_HALF_BITS).view(np.float64)
    return k - 54.0 if small else k, m


@rule
def _log_at_the_ends(x, value):
    """The logarithm of x: `value`, unless x is 0, infinite, negative or no number."""
    value = x if x == np.inf else value
    value = -np.inf if x == 0.0 else value
    return value if x >= 0.0 else np.nan


_LOG = (1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
        2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01)  # fmt: skip


@rule
def log(x):
    """The natural logarithm."""
    k, m = _log_parts(x)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    half = 0.5 * f * f
    value = k * _LN2_HIGH - ((half - (s * (half + z * _polynomial(z, _LOG)) + k * _LN2_LOW)) - f)
    return _log_at_the_ends(x, value)


@rule
def log1p(x):
    """log(1 + x), right for small x too."""
    u = 1.0 + x
    value = log(u)
    if u == 1.0:
        return x
    return value + (x - (u - 1.0)) / u if 0.0 < u < np.inf else value


@rule
def _product(a, b):
    """a b as a rounded product and what it lacks."""
    c = 134217729.0 * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = 134217729.0 * b
    b_high = c - (c - b)
    b_low = b - b_high
    p = a * b
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@rule
def _times(a, a_more, b, b_more):
    """(a + a_more) (b + b_more) as two numbers."""
    p, more = _product(a, b)
    more += a * b_more + a_more * b
    total = p + more
    return total, more - (total - p)


@rule
def _plus(a, a_more, b, b_more):
    """(a + a_more) + (b + b_more) as two numbers, for |a| >= |b| or a = 0."""
    s = a + b
    more = (b - (s - a)) + (a_more + b_more)
    total = s + more
    return total, more - (total - s)


_ATANH = tuple(1.0 / n for n in range(23, 4, -2))
_THIRD, _THIRD_MORE = 1.0 / 3.0, 1.850371707708594e-17


@rule
def _log_in_two(x):
    """The natural logarithm of x > 0 as two numbers, right to some 65 bits."""
    k, m = _log_parts(x)
    f = m - 1.0
    t = 2.0 + f
    s = f / t
    p, lacks = _product(s, t)
    s_more = ((f - p) - lacks - s * (f - (t - 2.0))) / t  # 2 + f was rounded
    z, z_more = _times(s, s_more, s, s_more)
    q = z * _polynomial(z, _ATANH)
    r, r_more = _plus(_THIRD, _THIRD_MORE, q, 0.0)
    r, r_more = _times(z, z_more, r, r_more)
    r, r_more = _times(s, s_more, r, r_more)
    s, s_more = _plus(s, s_more, r, r_more)
    return _plus(k * _LN2_HIGH, k * _LN2_LOW, 2.0 * s, 2.0 * s_more)


@rule
def power(x, y):
    """x^y for x >= 0; no number for x < 0, except that x^0 = 1, x^1 = x and x^2 = x x."""
    high, low = _log_in_two(x)
    high = _log_at_the_ends(x, high)
    p, more = _product(y, high)
    more += y * low
    far = abs(p) > _LIMIT or p != p  # there the rest may be infinite less infinite
    k, e = _exp_parts(y * high, 0.0 if far else more)
    value = _scaled(1.0 + e, k)
    root, square = np.sqrt(x), x * x  # taken beforehand, so that the loop has no branches
    value = 1.0 if y == 0.0 or x == 1.0 else value
    value = x if y == 1.0 else value
    value = root if y == 0.5 else value
    return square if y == 2.0 else value


_MIDDLE_OVER = (2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
                13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665)  # fmt: skip
_MIDDLE_UNDER = (5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597,
                 5394.196021424751, 687.1870074920579, 42.31333070160091, 1.0)  # fmt: skip
_NEAR_OVER = (0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684,
              3.6478483247632045, 5.769497221460691, 4.630337846156546, 1.4234371107496835)  # fmt: skip
_NEAR_UNDER = (1.0507500716444169e-09, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
               0.6897673349851, 1.6763848301838038, 2.053191626637759, 1.0)  # fmt: skip
_FAR_OVER = (2.0103343992922881e-07, 2.7115555687434876e-05, 0.0012426609473880784, 0.026532189526576124,
             0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103)  # fmt: skip
_FAR_UNDER = (2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05, 0.0007868691311456133,
              0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1.0)  # fmt: skip


@rule
def normal_quantile(u):
    """The standard normal quantile of `u`: infinite at 0 and 1."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(r, _MIDDLE_OVER) / _polynomial(r, _MIDDLE_UNDER)
    tail = u if q < 0.0 else 1.0 - u
    r = np.sqrt(-log(tail))
    if r <= 5.0:
        z = _polynomial(r - 1.6, _NEAR_OVER) / _polynomial(r - 1.6, _NEAR_UNDER)
    else:
        z = _polynomial(r - 5.0, _FAR_OVER) / _polynomial(r - 5.0, _FAR_UNDER)
    z = r if r == np.inf else z
    return -z if q < 0.0 else z


# The same for arrays of numbers, in place: `sim.engine.exact` finds them by these names.


@loop
def exp_each(x):
    for i in range(x.size):
        x[i] = exp(x[i])


@loop
def expm1_each(x):
    for i in range(x.size):
        x[i] = expm1(x[i])


@loop
def log_each(x):
    for i in range(x.size):
        x[i] = log(x[i])


@loop
def log1p_each(x):
    for i in range(x.size):
        x[i] = log1p(x[i])


@loop
def normal_quantile_each(x):
    for i in range(x.size):
        x[i] = normal_quantile(x[i])


@loop
def power_each(x, y):
    for i in range(x.size):
        x[i] = power(x[i], y[i])
