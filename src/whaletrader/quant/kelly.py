"""Kelly fractions of a binary bet after costs; sizing limits and equity are not known here."""


def binary_kelly_fraction(probability: float, cost: float) -> float:
    """Share of wealth that maximises expected log growth on a share that pays 1 with `probability`.

    Parameters
    ----------
    probability : float
        Chance that the share pays 1, in [0, 1]: the shrunk estimate, never a PSR.
    cost : float
        All-in price per share (price, half-spread, fee, impact), > 0.

    Returns
    -------
    float
        f* = (q - c) / (1 - c), at least 0; exactly 0 without an edge or where the cost is 1 or more.

    Notes
    -----
    Kelly (1956), doi:10.1002/j.1538-7305.1956.tb03809.x, for odds (1-c)/c.

    Examples
    --------
    >>> round(binary_kelly_fraction(0.6, 0.5), 6)
    0.2
    >>> binary_kelly_fraction(0.5, 0.5)
    0.0
    """
    assert 0.0 <= probability <= 1.0, probability
    assert cost > 0.0, cost
    if cost >= 1.0 or probability <= cost:
        return 0.0
    return (probability - cost) / (1.0 - cost)


def fractional_kelly(probability: float, cost: float, fraction: float = 0.25) -> float:
    """Kelly fraction scaled by `fraction` in [0, 1]; zero edge gives zero size, never a floor.

    Parameters
    ----------
    probability, cost : float
        As in `binary_kelly_fraction`.
    fraction : float
        0.25 is the house default.

    Returns
    -------
    float
        Share of wealth to stake. Source: MacLean, Thorp & Ziemba (2010), doi:10.1080/14697688.2010.506108.
    """
    assert 0.0 <= fraction <= 1.0, fraction
    return fraction * binary_kelly_fraction(probability, cost)
