"""The whitened score term: its matrix has a closed form and knows no units, its weight is that of a Gaussian."""

import numpy as np
import pytest
import torch

from motherlode import losses
from motherlode.losses.terms import whitened_score_term
from motherlode.training.data.derived import whiteners

SIGMA = 0.2


def normal_location(count, seed=0):
    """θ ~ N(0, 1), x ~ N(θ, SIGMA): t = (x - θ)/SIGMA², F = SIGMA⁻², in units of the prior."""
    generator = np.random.default_rng(seed)
    theta = generator.normal(size=(count, 2))
    return theta, generator.normal(size=(count, 2)) / SIGMA


def test_whiteners_of_a_location():
    theta, score = normal_location(5000)
    found = whiteners(theta, score)
    expected = np.eye(2) / np.sqrt(SIGMA**-2 + 1.0)
    assert np.abs(np.median(found, axis=0) - expected).max() < 4.5 * expected.max() * np.sqrt(0.5 / 100)


def test_whitened_scores_do_not_depend_on_the_units_of_theta():
    theta, score = normal_location(3000)
    plain = np.einsum("nij,nj->ni", whiteners(theta, score), score)
    positive = np.exp(theta)
    logarithmic = np.einsum("nij,nj->ni", whiteners(positive, score / positive), score / positive)
    np.testing.assert_allclose(logarithmic, plain, rtol=1e-6, atol=1e-9)


def test_at_the_edge_of_a_box_the_score_in_theta_is_damped():
    theta = np.concatenate([np.random.default_rng(0).uniform(0.0, 1.0, (999, 1)), [[1e-6]]])
    box = (torch.zeros(1).double(), torch.ones(1).double())
    assert abs(whiteners(theta, np.ones_like(theta), box)[-1, 0, 0]) < 1e-4
    assert abs(whiteners(theta, np.ones_like(theta))[-1, 0, 0]) > 0.1


def test_the_automatic_weight_is_half_over_the_variance_left():
    torch.manual_seed(0)
    label = torch.randn(4000, 3).double()
    score = (label + 0.3 * torch.randn(4000, 3).double()).requires_grad_()
    whitener = torch.eye(3).double().expand(4000, 3, 3)
    (automatic,) = torch.autograd.grad(whitened_score_term(score, label, whitener, None), score)
    unit = whitened_score_term(score, label, whitener, 1.0)
    (fixed,) = torch.autograd.grad(unit, score)
    torch.testing.assert_close(automatic, 0.5 / (unit.detach() / 3 + 1e-4) * fixed)


def test_a_number_overrides_the_automatic_weight():
    assert losses.scandal_whitened.alpha is None
    assert losses.scandal_whitened.calibrated(None, None).alpha is None
    assert losses.scandal_whitened.with_alpha(0.2).calibrated(None, None).alpha == 0.2


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_the_exact_score_is_the_minimum_whatever_the_noise_of_the_label(noise):
    """Labels scatter around the score with variance noise²: the slope at the score vanishes within its error."""
    torch.manual_seed(1)
    exact = 3.0 * torch.randn(200, 500, 2).double()
    label = exact + noise * torch.randn(200, 500, 2).double() * (1.0 + exact.abs())
    slopes = []
    for truth, seen in zip(exact, label, strict=True):
        factor = torch.ones((), dtype=torch.float64, requires_grad=True)
        term = whitened_score_term(factor * truth, seen, torch.eye(2).double().expand(500, 2, 2), None)
        slopes.append(torch.autograd.grad(term, factor)[0])
    slopes = torch.stack(slopes)
    error = float(slopes.std()) / np.sqrt(len(slopes))
    assert abs(float(slopes.mean())) <= 4.5 * error + 1e-12
