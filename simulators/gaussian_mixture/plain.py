"""Draw a point around theta, from a wide or a narrow Gaussian: plain Python that knows nothing of motherlode."""

PARAMETERS = ("theta_1", "theta_2")
LOW = (-10.0, -10.0)
HIGH = (10.0, 10.0)


def gaussian_mixture(theta, rng):
    """Return two coordinates around theta with spread 1 or, half of the time, 0.1."""
    spread = 1.0 if rng.random() < 0.5 else 0.1
    return rng.normal(theta, spread)
