#pragma once

/// Gold of one event by replay: run the model again elsewhere with every draw answered from the record.
///
///     joint log-ratio = sum over draws of log p(draw | theta) - log p(draw | there)
///     joint score     = central differences of the same sum
///
/// Both are right only if x depends on theta through the draws alone. Every replay checks that.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "motherlode/draws.hpp"
#include "motherlode/errors.hpp"
#include "motherlode/exception_text.hpp"
#include "motherlode/leaks.hpp"
#include "motherlode/model.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// The streams of an event: Philox(seed, stream, event).
struct Stream {
  static constexpr std::uint64_t draws = 0;
  static constexpr std::uint64_t probes = 1;
};

namespace detail {

/// Equal, where NaN equals NaN.
inline bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double u, double v) { return u == v || (std::isnan(u) && std::isnan(v)); });
}

}  // namespace detail

class Replay {
 public:
  explicit Replay(const Model& model) : model_(model) {}

  /// Run the event at theta and record it; `theta` must outlive the replays.
  const std::vector<double>& record(std::uint64_t seed, std::uint64_t event, const Theta& theta,
                                    TraceWriter* trace = nullptr) {
    seed_ = seed;
    event_ = event;
    theta_ = theta;
    draws_.record(Philox(seed, Stream::draws, event), trace);
    model_(theta, draws_, x_);
    return x_;
  }

  /// log p(z|theta) - log p(z|there); with a trace, branching by branch in the column of this alternative.
  double log_ratio(const Theta& there, TraceWriter* trace = nullptr, std::size_t column = 0) {
    draws_.replay(trace, column);
    return run(there, ErrorCode::leak);
  }

  /// d/dtheta[d] of log p(z|theta), NaN where it does not exist: by central differences, or within a step of a
  /// bound from one side, to second order.
  double score(std::size_t d, double step) {
    const Parameter& parameter = model_.parameters()[d];
    const double at = theta_[d];
    const double upper = at + step;
    const double lower = at - step;
    if (lower < parameter.low) {
      return one_sided(d, upper - at);
    }
    if (upper > parameter.high) {
      return one_sided(d, lower - at);
    }
    return (shifted(d, upper) - shifted(d, lower)) / (upper - lower);
  }

  /// Replay at theta itself, then somewhere in the box: alternatives may be too near to show a leak. Return false
  /// where the simulator is not defined at that point.
  bool probe(const std::vector<double>& low, const std::vector<double>& high) {
    draws_.replay();
    run(theta_, ErrorCode::hidden_randomness);
    Philox stream(seed_, Stream::probes, event_);
    std::vector<double> there(low.size());
    for (std::size_t d = 0; d < low.size(); ++d) {
      there[d] = low[d] + (high[d] - low[d]) * stream.uniform();
    }
    try {
      log_ratio(Theta(there));
    } catch (const LeakError&) {
      throw;
    } catch (const Error&) {
      return false;
    }
    return true;
  }

  /// Throw unless this x, found at theta on another way, is the recorded one.
  void check_x(const std::vector<double>& x) {
    found_ = x;
    if (!detail::same(x_, found_)) {
      throw hidden_randomness(finding(theta_));
    }
  }

  /// What is known of the event.
  Finding finding(const Theta& there) const {
    constexpr std::size_t most_numbers = 3;
    return {event_,
            draws_.last_address(),
            {theta_.begin(), theta_.end()},
            {there.begin(), there.end()},
            x_,
            found_,
            draws_.numbers(most_numbers)};
  }

  std::size_t draw_count() const { return draws_.count(); }
  const std::vector<Site>& sites() const { return draws_.sites().all(); }

 private:
  double run(const Theta& there, ErrorCode cause) {
    try {
      model_(there, draws_, found_);
      draws_.check_replayed();
    } catch (...) {
      if (draws_.divergence() != nullptr) {
        throw diverged(*draws_.divergence(), finding(there), cause);
      }
      throw Error(ErrorCode::simulator_failed,
                  current_exception_text() + " (on replay at theta = " + show({there.begin(), there.end()}) + ")");
    }
    if (!detail::same(x_, found_)) {
      throw cause == ErrorCode::leak ? leak(finding(there)) : hidden_randomness(finding(there));
    }
    return draws_.log_ratio();
  }

  /// log p(z|theta with one coordinate replaced) - log p(z|theta), NaN where a support moved.
  double shifted(std::size_t d, double coordinate) {
    shifted_.assign(theta_.begin(), theta_.end());
    shifted_[d] = coordinate;
    const double ratio = log_ratio(Theta(shifted_));
    return draws_.support_moved() || std::isinf(ratio) ? std::numeric_limits<double>::quiet_NaN() : -ratio;
  }

  double one_sided(std::size_t d, double step) {
    const double at = theta_[d];
    return (4 * shifted(d, at + step) - shifted(d, at + 2 * step)) / (2 * step);
  }

  const Model& model_;
  Draws draws_;
  std::uint64_t seed_ = 0;
  std::uint64_t event_ = 0;
  Theta theta_{nullptr, 0};
  std::vector<double> x_;
  std::vector<double> found_;
  std::vector<double> shifted_;
};

}  // namespace motherlode
