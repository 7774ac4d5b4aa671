#pragma once

/// Run a model on its own, connected to nothing: print simulated events.

#include <cstdint>
#include <ostream>
#include <vector>

#include "motherlode/draws.hpp"
#include "motherlode/model.hpp"
#include "motherlode/replay.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// Print `events` lines, each one x: the same numbers as a campaign with this seed.
inline void print_events(const Model& model, const std::vector<double>& theta, std::uint64_t seed, std::uint64_t events,
                         std::ostream& out) {
  Draws draws;
  std::vector<double> x;
  out.precision(17);
  for (std::uint64_t event = 0; event < events; ++event) {
    draws.record(Philox(seed, Stream::draws, event));
    model(Theta(theta), draws, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      out << (i == 0 ? "" : " ") << x[i];
    }
    out << '\n';
  }
}

}  // namespace motherlode
