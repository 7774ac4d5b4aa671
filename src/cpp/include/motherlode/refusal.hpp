#pragma once

/// Refuse a draw from a family that does not exist at its parameters.

#include <string>
#include <string_view>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/families.hpp"
#include "motherlode/location.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A draw's address: its name if it has one, else its place.
inline std::string address_of(std::string_view name, const Location& where) {
  return name.empty() ? address(where) : std::string(name);
}

template <class F>
[[noreturn]] void refuse(const F& family, std::string_view name, const Location& where) {
  std::vector<double> values;
  for (const auto& parameter : family.parameters()) {
    values.push_back(primal(parameter));
  }
  throw InvalidParameters("The draw at " + address_of(name, where) + " asks for " + F::id.name +
                          " with parameters " + show(values) + ", where " + F::domain +
                          " is needed. Its log-probability is undefined, and so is the gold of this event. "
                          "Bound the parameters so that the simulator is defined at every theta it is asked for.");
}

/// Refuse a value whose density is infinite or undefined: no ratio can be made of it.
inline void check_density(double log_prob, bool is_sound, double value, const std::string& address) {
  if (!is_sound) {
    throw InvalidParameters("The draw at " + address + " has the value " + show({value}) + ", whose log-density is " +
                            show({log_prob}) +
                            ". No likelihood ratio can be made of it. Keep parameters away from "
                            "where the density has no bound, or draw from a family without poles.");
  }
}

/// Refuse to ask a plain PPX client for a law that it does not know.
[[noreturn]] inline void refuse_own(const std::string& address) {
  throw Error(ErrorCode::unsupported, "The draw at " + address +
                                          " is from a law of the model's own. A plain PPX client does not know it and "
                                          "cannot answer. Use gold runs, or draw from a family.");
}

/// Refuse a draw in another thread than the run's.
[[noreturn]] inline void refuse_thread(const std::string& address) {
  throw Error(ErrorCode::simulator_failed,
              "The draw at " + address +
                  " is outside of a run, or in another thread than the run's. The order of draws from several threads "
                  "is not defined, so such a run could not be repeated. Draw in the thread that motherlode calls, and "
                  "let other threads (OpenMP's too) compute. If the draw is in a plug-in, link the program that loads it "
                  "with -rdynamic.");
}

/// Refuse to condition on data while x is simulated.
[[noreturn]] inline void refuse_data(std::string_view name, const Location& where) {
  throw Error(ErrorCode::unsupported, "The program observes data at " + address_of(name, where) +
                                          ". A run that is conditioned on data has weights instead of an x of its own. "
                                          "Draw the observed number: draws.observe(family, name) without a value.");
}

}  // namespace motherlode
