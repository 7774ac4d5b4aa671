#pragma once

/// What families draw from: the engine of one event, and the one piece of distribution state worth keeping.

#include <random>

#include "motherlode/philox.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A stream of random numbers. `normal` hands out the second number of each polar pair, so it belongs to the
/// event: a new Source starts without one.
struct Source {
  explicit Source(const Philox& philox = {}) : engine(philox) {}

  double uniform() { return engine.uniform(); }
  double standard_normal() { return normal(engine); }

  Philox engine;
  std::normal_distribution<double> normal;
};

}  // namespace motherlode
