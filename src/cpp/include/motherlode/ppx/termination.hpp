#pragma once

/// Notice that it is time to go: SIGTERM, SIGINT, or the death of the process that owns us.

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <unistd.h>

namespace motherlode {

/// Thrown through a model to end its run; no std::exception, so models that catch those do not swallow it.
struct Stopped {};

/// While it lives, SIGTERM and SIGINT set a flag instead of killing the process.
class Termination {
 public:
  Termination() {
    requested_ = 0;
    install(SIGTERM, previous_term_);
    install(SIGINT, previous_int_);
  }
  ~Termination() {
    sigaction(SIGTERM, &previous_term_, nullptr);
    sigaction(SIGINT, &previous_int_, nullptr);
  }
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;

  /// A program started with MOTHERLODE_ENDPOINT is owned and goes with its parent, and with the process that
  /// MOTHERLODE_OWNER numbers: a parent that ended before this program looked at it would never be missed.
  bool requested() const { return requested_ != 0 || (owned_ && (getppid() != parent_ || owner_is_gone())); }

 private:
  static void install(int signal, struct sigaction& previous) {
    struct sigaction action {};
    action.sa_handler = [](int) { requested_ = 1; };
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, &previous);
  }

  static pid_t owner() {
    const char* number = std::getenv("MOTHERLODE_OWNER");
    return number == nullptr ? 0 : static_cast<pid_t>(std::strtol(number, nullptr, 10));
  }

  bool owner_is_gone() const { return owner_ > 0 && kill(owner_, 0) != 0 && errno == ESRCH; }

  static inline volatile std::sig_atomic_t requested_ = 0;
  struct sigaction previous_term_ {};
  struct sigaction previous_int_ {};
  bool owned_ = std::getenv("MOTHERLODE_ENDPOINT") != nullptr;
  pid_t parent_ = getppid();
  pid_t owner_ = owner();
};

}  // namespace motherlode
