"""How numbers are written for people; shares come with the interval that they lie in."""

import math

Z = 1.959964  # 95 % of a normal distribution lie within this many standard deviations


def number(value: float) -> str:
    """Write a number to four significant figures, and to all those before the point."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def size(count: int) -> str:
    """Write a number of bytes in the unit that fits."""
    value, units = float(count), ["bytes", "kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} bytes" if count < 1000 else f"{value:.1f} {units[0]}"


def percent(share: float) -> str:
    """Write a share of 1 as a percentage, never rounded to all or to nothing."""
    text = f"{share * 100:.1f} %"
    if text == "100.0 %" and share < 1:
        return "> 99.9 %"
    if text == "0.0 %" and share > 0:
        return "< 0.1 %"
    return text


def interval(hits: int, n: int) -> str:
    """Write the 95 % interval of a share; a dash where there is nothing to judge by."""
    if not n:
        return "–"
    low, high = wilson(hits, n)
    return f"{low * 100:.1f} to {high * 100:.1f} %"


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share, hits of n, n at least 1.

    Unlike p ± 1.96 standard errors it holds near 0 and 1 and for few samples. Source: E. B. Wilson
    (1927), Probable Inference, the Law of Succession, and Statistical Inference, JASA 22:209-212.
    """
    p = hits / n
    middle = p + Z**2 / (2 * n)
    spread = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    return max((middle - spread) / scale, 0.0), min((middle + spread) / scale, 1.0)
