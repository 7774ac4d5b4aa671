"""Sweep an Ising ferromagnet a few times from a random start: plain Python that knows nothing of motherlode."""

import math

PARAMETERS = ("beta_J",)
LOW = (0.0,)
HIGH = (0.8,)
SIZE = 4
SWEEPS = 5


def ising(theta, rng):
    """Return magnetization and energy per spin of a SIZE × SIZE periodic lattice after SWEEPS Gibbs sweeps."""
    spins = [[1 if rng.random() < 0.5 else -1 for _ in range(SIZE)] for _ in range(SIZE)]
    for _ in range(SWEEPS):
        for i in range(SIZE):
            for j in range(SIZE):
                field = _field(spins, i, j)
                spins[i][j] = 1 if rng.random() < 1.0 / (1.0 + math.exp(-2.0 * theta[0] * field)) else -1
    bonds = sum(
        s * (spins[(i + 1) % SIZE][j] + spins[i][(j + 1) % SIZE])
        for i, row in enumerate(spins)
        for j, s in enumerate(row)
    )
    total = SIZE * SIZE
    return [sum(map(sum, spins)) / total, -bonds / total]


def _field(spins, i, j):
    return spins[i - 1][j] + spins[(i + 1) % SIZE][j] + spins[i][j - 1] + spins[i][(j + 1) % SIZE]
