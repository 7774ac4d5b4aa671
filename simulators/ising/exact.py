"""Push all 2^16 probabilities of the 4 × 4 lattice through the sweeps; finite sweeps are not Boltzmann."""

import numpy as np

SIZE = 4
SWEEPS = 5
_STATES = np.arange(2 ** (SIZE * SIZE))


def _spins():
    return 2 * ((_STATES[:, None] >> np.arange(SIZE * SIZE)) & 1) - 1


def _neighbours(site):
    i, j = divmod(site, SIZE)
    return [((i + a) % SIZE) * SIZE + (j + b) % SIZE for a, b in ((-1, 0), (1, 0), (0, -1), (0, 1))]


def states(beta):
    """Return the probability of each of the 65,536 states after the sweeps for one coupling."""
    spins, p = _spins(), np.full(len(_STATES), 1.0 / len(_STATES))
    for _ in range(SWEEPS):
        for site in range(SIZE * SIZE):
            field = spins[:, _neighbours(site)].sum(1)
            up = 1.0 / (1.0 + np.exp(-2.0 * beta * field))
            both = p + p[_STATES ^ (1 << site)]
            p = both * np.where(spins[:, site] > 0, up, 1.0 - up)
    return p


def outcomes():
    """Return the distinct (magnetization, energy) per spin with shape (M, 2), and the outcome of each state."""
    spins, total = _spins(), SIZE * SIZE
    right = [(s // SIZE) * SIZE + (s + 1) % SIZE for s in range(total)]
    below = [(s + SIZE) % total for s in range(total)]
    energy = -(spins * (spins[:, right] + spins[:, below])).sum(1) / total
    return np.unique(np.stack([spins.sum(1) / total, energy], 1), axis=0, return_inverse=True)


def distribution(beta):
    """Return p(x|beta) over the outcomes, shape (M,)."""
    found, index = outcomes()
    return np.bincount(np.ravel(index), states(beta), len(found))


def log_ratio(beta0, beta1):
    """Return log p(x|beta0) - log p(x|beta1) over the outcomes, shape (M,)."""
    return np.log(distribution(beta0)) - np.log(distribution(beta1))
