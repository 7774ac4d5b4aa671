"""No loss mixes devices: each is evaluated, with gradient, on torch's meta device, which refuses tensors of the CPU."""

import numpy as np
import pyro
import pytest
import torch
from gaussian import gaussian_events

from motherlode import losses
from motherlode.estimators import LikelihoodEstimator, PosteriorEstimator
from motherlode.estimators.proposals import bounds_of
from motherlode.losses import Loss
from motherlode.training.data.derived import complete
from motherlode.training.data.split import as_batch, prepare

ALL = [getattr(losses, name) for name in losses.__all__ if isinstance(getattr(losses, name), Loss)]
FLOWS = {
    LikelihoodEstimator: lambda events: LikelihoodEstimator.for_events(events, density="maf", hidden=(16, 16)),
    PosteriorEstimator: lambda events: PosteriorEstimator.for_events(events, density="maf", hidden=(16, 16)),
}


@pytest.mark.parametrize("loss", ALL, ids=lambda loss: loss.name)
@pyro.validation_enabled(False)
def test_on_the_meta_device(loss):
    events = gaussian_events(200, alternatives=3, parameters=2)
    if loss is losses.sally:
        object.__setattr__(events, "theta", np.zeros((200, 2)))
    make = FLOWS.get(loss.target.estimator, lambda events: loss.target.build(events, lambda: bounds_of(events.theta)))
    estimator = make(events)
    score = np.zeros_like if "prior_score" in loss.columns else None
    batch = complete(events, as_batch(events, loss), loss, estimator, score)
    estimator.fit_scaling(batch)
    loss = loss.calibrated(estimator, batch)
    estimator.train().to("meta")
    value = loss(estimator, prepare(batch.to("meta"), loss, estimator, torch.Generator()))
    value.backward()
    assert value.device.type == "meta"
    assert all(weight.grad is None or weight.grad.device.type == "meta" for weight in estimator.parameters())
    assert any(weight.grad is not None for weight in estimator.parameters())
