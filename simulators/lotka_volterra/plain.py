"""Predators and prey as a jump process (Gillespie): plain Python that knows nothing of motherlode."""

import math

import numpy as np

PARAMETERS = ("log_birth_predator", "log_death_predator", "log_birth_prey", "log_death_prey")
LOW = (-5.0, -0.8, -0.3, -5.0)
HIGH = (-4.5, -0.3, 0.2, -4.5)
START = (50, 100)
MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))
LONGEST = 100_000


class TooManySteps(RuntimeError):
    """Report a run that was censored; it is counted as a failure and never drawn again."""


def records(theta, rng, duration, every):
    """Return the populations in force at 0, every, 2·every … duration, shape (R, 2)."""
    rates = [math.exp(value) for value in theta]
    predators, prey = START
    time, rows = 0.0, []
    for _ in range(LONGEST):
        pairs = predators * prey
        weights = [rates[0] * pairs, rates[1] * predators, rates[2] * prey, rates[3] * pairs]
        total = sum(weights)
        time = duration + every if total <= 1e-9 else time + rng.exponential(1.0 / total)
        while len(rows) * every < min(time, duration + 0.5 * every):
            rows.append((predators, prey))
        if time > duration:
            return np.array(rows, dtype=float)
        move = MOVES[rng.choice(4, p=[weight / total for weight in weights])]
        predators, prey = predators + move[0], prey + move[1]
    raise TooManySteps(f"More than {LONGEST} steps at theta = {list(theta)}.")


def short(theta, rng):
    """Return the populations after a time of 0.5."""
    return records(theta, rng, 0.5, 0.5)[-1]


def lotka_volterra(theta, rng):
    """Return nine summaries of 30 units of time: means, log-variances, autocorrelations, cross-correlation."""
    series = records(theta, rng, 30.0, 0.2)
    mean, variance = series.mean(0), series.var(0)
    scaled = (series - mean) / np.sqrt(variance + 1e-12)
    lags = [(scaled[lag:] * scaled[:-lag]).mean(0) for lag in (1, 2)]
    cross = (scaled[:, 0] * scaled[:, 1]).mean()
    return np.concatenate([mean, np.log(variance + 1.0), lags[0], lags[1], [cross]])
