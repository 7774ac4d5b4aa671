#pragma once

/// The run that this thread is in, for code that keeps its generator in a global variable.

#include "motherlode/location.hpp"
#include "motherlode/refusal.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// While it lives, these draws are those of the thread. `Draws` is Draws or TrackedDraws.
template <class Draws>
class RunScope {
 public:
  explicit RunScope(Draws& draws) : outer_(current_) { current_ = &draws; }
  ~RunScope() { current_ = outer_; }
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;

  /// The draws of this thread, for the draw at this place.
  static Draws& current(const Location& where) {
    if (current_ == nullptr) {
      refuse_thread(address(where));
    }
    return *current_;
  }

 private:
  Draws* outer_;
  static inline thread_local Draws* current_ = nullptr;
};

}  // namespace motherlode
