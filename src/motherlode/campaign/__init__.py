r"""Mine many events: propose parameters, cut the work into shards, run them anywhere, resume.

.. math:: (\theta_i, \theta_{i1} \ldots \theta_{iK}) \sim q \text{ exchangeable}, \qquad
   (x_i, z_i) \sim p(x, z | \theta_i)

Row i depends on (seed, i) alone, whatever the number of workers or the size of the shards.
"""

from motherlode.campaign.campaign import Campaign
from motherlode.campaign.errors import CampaignError, ProposalError, WorkerDied
from motherlode.campaign.proposal import Proposal, recorded_law

__all__ = ["Campaign", "CampaignError", "Proposal", "ProposalError", "WorkerDied", "recorded_law"]
