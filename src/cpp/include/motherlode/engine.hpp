#pragma once

/// What stands where a std::mt19937 stood: `motherlode::engine generator;`, global or passed along.

#include "motherlode/draws.hpp"
#include "motherlode/location.hpp"
#include "motherlode/run_scope.hpp"
#include "motherlode/uniform01.hpp"

namespace motherlode {

/// Hands out lazy uniforms and feeds distributions. It has no state of its own: the stream is the run's, so seeding
/// is motherlode's business and `seed` does nothing.
template <class Draws>
class BasicEngine {
 public:
  /// The engine of whatever run this thread is in.
  BasicEngine() = default;
  explicit BasicEngine(Draws& draws) : draws_(&draws) {}

  LazyUniform<Draws> operator()(Location where = Location::current()) const { return {draws(), where}; }

  Draws& draws() const { return draws_ != nullptr ? *draws_ : RunScope<Draws>::current(); }

  template <class... Seeds>
  void seed(const Seeds&...) const {}

 private:
  Draws* draws_ = nullptr;
};

using engine = BasicEngine<Draws>;

}  // namespace motherlode
