"""Build the networks inside estimators: perceptrons over features, and embeddings that make features of x."""

from motherlode.estimators.networks.embeddings import configuration_of, make_embedding
from motherlode.estimators.networks.perceptrons import ACTIVATIONS, MLP, make_network

__all__ = ["ACTIVATIONS", "MLP", "configuration_of", "make_embedding", "make_network"]
