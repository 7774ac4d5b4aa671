#pragma once

/// Say what went wrong: one code a cause, the facts as data, a text in three parts
/// (what happened, why it matters, what to do).

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] motherlode {

/// The causes, numbered as `ErrorCode` in ppx.fbs.
enum class ErrorCode : std::uint16_t {
  protocol = 1,
  unsupported = 2,
  bad_request = 3,
  busy = 4,
  simulator_failed = 5,
  leak = 6,
  replay_diverged = 7,
  hidden_randomness = 8,
  live_tangent = 9
};

/// The base of everything motherlode throws on purpose.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& text) : std::runtime_error(text), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

/// Where a leak was found.
struct Finding {
  std::uint64_t event = 0;
  std::string address;           ///< last draw before the fault
  std::vector<double> theta;     ///< where the event was drawn
  std::vector<double> probe;     ///< where it was replayed
  std::vector<double> expected;  ///< x at theta
  std::vector<double> found;     ///< x on replay
  std::vector<std::string> numbers{};  ///< where uniforms were used as numbers, from the end
};

/// x, or the path, moved although every recorded draw was held fixed: the gold would be silently wrong.
class LeakError : public Error {
 public:
  LeakError(ErrorCode code, const std::string& text, Finding finding)
      : Error(code, text), finding_(std::move(finding)) {}

  const Finding& finding() const noexcept { return finding_; }

 private:
  Finding finding_;
};

/// A draw was asked for with parameters at which its family does not exist.
class InvalidParameters : public Error {
 public:
  explicit InvalidParameters(const std::string& text) : Error(ErrorCode::simulator_failed, text) {}
};

/// Return numbers for an error message, shortened: "0.25" or "[1, 2, ... (30 numbers)]".
inline std::string show(const std::vector<double>& values) {
  constexpr std::size_t most = 8;
  std::ostringstream text;
  text.precision(9);
  if (values.size() == 1) {
    text << values.front();
    return text.str();
  }
  text << '[';
  for (std::size_t i = 0; i < values.size() && i < most; ++i) {
    text << (i == 0 ? "" : ", ") << values[i];
  }
  if (values.size() > most) {
    text << ", ... (" << values.size() << " numbers)";
  }
  text << ']';
  return text.str();
}

}  // namespace motherlode
