#pragma once

/// Gold of one event by tangents, as the miner sees it: exact, in one pass of the model.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "motherlode/theta.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// What passes over one event found.
struct TangentGold {
  std::vector<double> x;
  std::vector<double> log_ratio;      ///< K: log p(x,z|theta) - log p(x,z|alternative)
  std::vector<double> score;          ///< D, NaN where a support moves
  std::vector<std::size_t> diverted;  ///< alternatives that would have gone another way: ask replay
  std::size_t draws = 0;
  bool is_alive = false;  ///< x still depends on theta
};

/// Passes of a model in tracked numbers; holds what they need, so one for each thread.
class Tangents {
 public:
  virtual ~Tangents() = default;

  virtual const TangentGold& mine(std::uint64_t seed, std::uint64_t event, const Theta& theta,
                                  const double* alternatives, std::size_t count) = 0;
};

/// Makes Tangents for a number of parameters; empty for models in plain double.
using MakeTangents = std::function<std::unique_ptr<Tangents>(std::size_t dimension)>;

}  // namespace motherlode
