#pragma once

/// The run that this thread is in, for code that keeps its generator in a global variable.

#include "motherlode/errors.hpp"

namespace motherlode {

/// While it lives, these draws are those of the thread. `Draws` is Draws or TrackedDraws.
template <class Draws>
class RunScope {
 public:
  explicit RunScope(Draws& draws) : outer_(current_) { current_ = &draws; }
  ~RunScope() { current_ = outer_; }
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;

  static Draws& current() {
    if (current_ == nullptr) {
      throw Error(ErrorCode::simulator_failed,
                  "A random number was asked for outside of a run, or in another thread than the run's. The order of "
                  "draws from several threads is not defined, so such a run could not be repeated. Draw in the thread "
                  "that motherlode calls, and let other threads compute.");
    }
    return *current_;
  }

 private:
  Draws* outer_;
  static inline thread_local Draws* current_ = nullptr;
};

}  // namespace motherlode
