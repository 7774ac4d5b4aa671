"""Draw z around theta and x around z: plain Python that knows nothing of motherlode."""

PARAMETERS = ("theta",)
LOW = (-4.0,)
HIGH = (4.0,)


def linear_gaussian(theta, rng):
    """Return x ~ N(z, 1) with z ~ N(theta, 2²)."""
    z = rng.normal(theta[0], 2.0)
    return rng.normal(z, 1.0)
