"""The laws of a likelihood ratio hold by construction, and the estimator keeps its shapes, dtypes and promises."""

import numpy as np
import pyro
import pytest
import torch
from numpy.testing import assert_allclose

from motherlode.estimators import OutOfRangeWarning, RatioEstimator
from motherlode.estimators.batches import EventBatch
from motherlode.estimators.networks.embeddings import Convolution1d, Convolution2d, DeepSets, Recurrent

torch.manual_seed(0)


def ratio(parameters=2, shape=(3,), **options):
    torch.manual_seed(0)
    return RatioEstimator(parameters, shape, **options).eval()


def draw(*shape):
    return torch.as_tensor(np.random.default_rng(sum(shape)).normal(size=shape))


def test_laws_of_a_ratio():
    estimator, x = ratio(), draw(50, 3)
    a, b, c = draw(50, 2), draw(50, 2) + 1, draw(50, 2) - 1
    assert torch.equal(estimator.log_ratio(a, x, a), torch.zeros(50).double())
    assert torch.equal(estimator.log_ratio(a, x, b), -estimator.log_ratio(b, x, a))
    direct = estimator.log_ratio(a, x, c)
    torch.testing.assert_close(estimator.log_ratio(a, x, b) + estimator.log_ratio(b, x, c), direct, atol=1e-6, rtol=0)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_batch_shapes_broadcast(shape):
    estimator = ratio(shape=shape)
    value = estimator.log_ratio(draw(5, 1, 2), draw(7, *shape), draw(2))
    assert value.shape == (5, 7)
    assert value.dtype == torch.float64


def test_arrays_in_arrays_out():
    estimator = ratio()
    value = estimator.log_ratio(np.zeros((4, 2)), np.ones((4, 3)), np.ones((4, 2)))
    assert isinstance(value, np.ndarray)
    assert value.dtype == np.float64
    tensor = estimator.log_ratio(torch.zeros(4, 2).double(), torch.ones(4, 3).double(), torch.ones(4, 2).double())
    assert_allclose(value, tensor.detach().numpy())


def test_score_is_the_gradient_and_does_not_depend_on_the_reference():
    estimator, x = ratio(), draw(6, 3)
    theta = draw(6, 2).requires_grad_()
    (gradient,) = torch.autograd.grad(estimator.log_ratio(theta, x, draw(6, 2)).sum(), theta)
    torch.testing.assert_close(estimator.score(theta.detach(), x), gradient, atol=1e-6, rtol=1e-5)
    assert estimator.score(np.zeros((4, 2)), np.ones((4, 3))).shape == (4, 2)


def test_fixed_reference_and_marginal():
    fixed = ratio(reference=(0.5, -0.5))
    assert_allclose(fixed.log_ratio(np.array([0.5, -0.5]), np.ones(3)), 0.0)
    marginal = ratio(reference="marginal")
    assert marginal.log_ratio(np.zeros(2), np.ones(3)).shape == ()
    with pytest.raises(ValueError, match="marginal"):
        marginal.log_ratio(np.zeros(2), np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match="reference"):
        ratio(reference="prior")


def test_outside_the_training_range_it_warns_once():
    estimator = ratio(parameters=1, shape=())
    estimator.fit_scaling(EventBatch(torch.linspace(0, 1, 9).double()[:, None], torch.zeros(9).double()))
    estimator.log_ratio(np.array([0.5]), np.zeros(()))
    with pytest.warns(OutOfRangeWarning, match="outside the range"):
        estimator.log_ratio(np.array([1.5]), np.zeros(()))
    estimator.log_ratio(np.array([1.5]), np.zeros(()))


def test_it_is_a_pyro_likelihood_under_plates():
    estimator = ratio(parameters=1, shape=())
    x = draw(20)

    def model():
        theta = pyro.sample("theta", pyro.distributions.Normal(torch.zeros(1).double(), 1.0).to_event(1))
        with pyro.plate("events", 20):
            pyro.sample("x", estimator.likelihood(theta), obs=x)
        return theta

    trace = pyro.poutine.trace(model).get_trace()
    trace.compute_log_prob()
    site = trace.nodes["x"]
    assert site["log_prob"].shape == (20,)
    torch.testing.assert_close(site["log_prob"], estimator.log_ratio(trace.nodes["theta"]["value"], x))
    with pytest.raises(NotImplementedError, match="cannot draw"):
        estimator.likelihood(torch.zeros(1)).sample()


@pytest.mark.parametrize(
    ("embedding", "shape"),
    [
        (Convolution2d(8), (16, 16)),
        (Convolution2d(8, colours=3, residual=True), (3, 16, 16)),
        (Convolution1d(8), (40,)),
        (Convolution1d(8, columns=2), (40, 2)),
        (Recurrent(8, columns=2), (10, 2)),
        (DeepSets(8), (30,)),
        (DeepSets(8, columns=4), (30, 4)),
    ],
)
def test_embeddings(embedding, shape):
    estimator = ratio(shape=shape, embedding=embedding)
    assert estimator.log_ratio(draw(5, 2), draw(5, *shape), draw(2)).shape == (5,)


def test_repeated_rows_are_embedded_once():
    seen = []

    class Counting(torch.nn.Linear):
        def forward(self, x):
            seen.append(len(x))
            return super().forward(x)

    estimator = ratio(shape=(4,), embedding=Counting(4, 3))
    x, theta = draw(6, 4), draw(20, 6, 2)
    seen.clear()
    value = estimator.log_ratio(theta, x.expand(20, 6, 4), draw(2))
    assert seen == [6]
    torch.testing.assert_close(value, estimator.log_ratio(theta, x.repeat(20, 1, 1), draw(2)))


def test_sets_have_no_order():
    estimator = ratio(shape=(30,), embedding=DeepSets(8))
    x = draw(30)
    one, other = (estimator.log_ratio(draw(2), value, draw(2) + 1) for value in (x, x.flip(0)))
    torch.testing.assert_close(one, other)
