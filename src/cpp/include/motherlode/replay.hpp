#pragma once

/// Gold by replay: run the model again at other parameters with every draw answered from the record.
///
///     joint log-ratio = sum over draws of log p(draw | theta) - log p(draw | alternative)
///     joint score     = central differences of the same sum
///
/// Both are right only if x depends on theta through the draws alone. Every replay checks that.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "motherlode/draws.hpp"
#include "motherlode/errors.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/model.hpp"

namespace motherlode {

/// The streams of an event: Philox(seed, stream, event).
struct Stream {
  static constexpr std::uint64_t draws = 0;
  static constexpr std::uint64_t probes = 1;
};

namespace detail {

inline bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double u, double v) { return u == v || (std::isnan(u) && std::isnan(v)); });
}

inline std::string quoted(const std::string& address) { return address.empty() ? "nothing (it has ended)" : address; }

}  // namespace detail

/// Mines one event after the other into a block. Not thread-safe; make one for each thread.
class Replayer {
 public:
  Replayer(const Model& model, const GoldRequest& request)
      : model_(model),
        request_(request),
        dimension_(model.parameters().size()),
        alternatives_(request.keep == Keep::simulate ? 0 : request.alternatives_of(dimension_)),
        writer_(block_.traces, alternatives_),
        ratios_(alternatives_),
        score_(request.keep == Keep::simulate ? 0 : dimension_) {
    block_.first = request.first;
    block_.count = request.count;
    block_.x.reserve(request.count * model.output_size());
    block_.joint_log_ratio.reserve(request.count * ratios_.size());
    block_.joint_score.reserve(request.count * score_.size());
  }

  /// Run all events; `checkpoint` is called before each and may throw to end the block.
  GoldBlock run(const std::function<void()>& checkpoint) {
    for (row_ = 0; row_ < request_.count; ++row_) {
      checkpoint();
      event();
    }
    block_.traces.sites = draws_.sites().all();
    return std::move(block_);
  }

 private:
  std::uint64_t index() const { return request_.first + row_; }
  bool tracing() const { return request_.keep == Keep::traces; }
  Theta theta() const { return {request_.theta.data() + row_ * dimension_, dimension_}; }
  Theta alternative(std::size_t k) const {
    return {request_.alternatives.data() + (row_ * alternatives_ + k) * dimension_, dimension_};
  }

  /// One row, or one failure. A leak is no failure: it condemns the block.
  void event() {
    try {
      mine();
      keep();
    } catch (const LeakError&) {
      throw;
    } catch (const std::exception& error) {
      fail(error.what());
    }
  }

  void mine() {
    draws_.record(Philox(request_.seed, Stream::draws, index()), tracing() ? &writer_ : nullptr);
    model_(theta(), draws_, x_);
    if (request_.keep == Keep::simulate) {
      return;
    }
    if (is_probed()) {
      probe();
    }
    for (std::size_t k = 0; k < alternatives_; ++k) {
      draws_.replay(tracing() ? &writer_ : nullptr, k);
      ratios_[k] = replay(alternative(k), ErrorCode::leak);
    }
    for (std::size_t d = 0; d < dimension_; ++d) {
      score_[d] = score(d, step(d));
    }
    if (is_probed()) {
      check_steps();
    }
  }

  void keep() {
    block_.x.insert(block_.x.end(), x_.begin(), x_.end());
    block_.joint_log_ratio.insert(block_.joint_log_ratio.end(), ratios_.begin(), ratios_.end());
    block_.joint_score.insert(block_.joint_score.end(), score_.begin(), score_.end());
    block_.draws += draws_.count();
    if (tracing()) {
      writer_.keep_event();
    }
  }

  void fail(const std::string& text) {
    block_.failures.push_back({index(), text});
    if (tracing()) {
      writer_.drop_event();
    }
  }

  // ---- replay ----

  double replay_at(const Theta& theta, ErrorCode cause = ErrorCode::leak) {
    draws_.replay();
    return replay(theta, cause);
  }

  /// Return log p(z|theta) - log p(z|there), having seen that path and x are the recorded ones.
  double replay(const Theta& there, ErrorCode cause) {
    try {
      model_(there, draws_, found_);
      draws_.check_replayed();
    } catch (const Divergence& divergence) {
      diverged(divergence, there, cause);
    }
    if (!detail::same(x_, found_)) {
      leaked(there, cause);
    }
    return draws_.log_ratio();
  }

  // ---- score ----

  double step(std::size_t d) const { return request_.steps[row_ * dimension_ + d]; }

  /// log p(z|theta with one coordinate replaced) - log p(z|theta), NaN where a support moved.
  double shifted(std::size_t d, double coordinate) {
    shifted_.assign(theta().begin(), theta().end());
    shifted_[d] = coordinate;
    const double log_ratio = replay_at(Theta(shifted_));
    return draws_.support_moved() || std::isinf(log_ratio) ? std::numeric_limits<double>::quiet_NaN() : -log_ratio;
  }

  /// Differentiate at theta[d]: centrally, or from one side, to second order, within a step of a bound.
  double score(std::size_t d, double wanted) {
    const Parameter& parameter = model_.parameters()[d];
    const double at = theta()[d];
    const double upper = at + wanted;
    const double lower = at - wanted;
    if (lower < parameter.low) {
      return one_sided(d, at, upper - at);
    }
    if (upper > parameter.high) {
      return one_sided(d, at, lower - at);
    }
    return (shifted(d, upper) - shifted(d, lower)) / (upper - lower);
  }

  double one_sided(std::size_t d, double at, double step) {
    return (4 * shifted(d, at + step) - shifted(d, at + 2 * step)) / (2 * step);
  }

  void check_steps() {
    for (std::size_t d = 0; d < dimension_; ++d) {
      const double discrepancy = std::abs(score_[d] - score(d, 2 * step(d))) / (1 + std::abs(score_[d]));
      block_.score_discrepancy = std::fmax(block_.score_discrepancy, discrepancy);
    }
  }

  // ---- probes ----

  bool is_probed() const {
    const bool regular = request_.probe_every != 0 && index() % request_.probe_every == 0;
    return !request_.probe_low.empty() && (index() < request_.probe_events || regular);
  }

  /// Replay at theta itself, then far away: alternatives may be too near to show a leak.
  void probe() {
    ++block_.probed;
    replay_at(theta(), ErrorCode::hidden_randomness);
    Philox stream(request_.seed, Stream::probes, index());
    std::vector<double> there(dimension_);
    for (std::size_t d = 0; d < dimension_; ++d) {
      there[d] = request_.probe_low[d] + (request_.probe_high[d] - request_.probe_low[d]) * stream.uniform();
    }
    replay_at(Theta(there));
  }

  // ---- what went wrong ----

  Finding finding(const Theta& there, std::string address) const {
    return {index(), std::move(address), {theta().begin(), theta().end()}, {there.begin(), there.end()}, x_, found_};
  }

  static std::string why_hidden() {
    return " Draws outside the record are missing from the joint likelihood, and the run cannot be repeated. "
           "Take every random number from the `draws` argument; std::rand, an engine of the model's own, the clock, "
           "and state kept between runs are the usual sources.";
  }

  [[noreturn]] void leaked(const Theta& there, ErrorCode cause) const {
    const Finding facts = finding(there, draws_.last_address());
    const std::string last =
        facts.address.empty() ? "no draw was intercepted at all" : "the last draw before x is " + facts.address;
    const std::string moved = "in event " + std::to_string(facts.event) + " x = " + show(facts.expected) +
                              " at theta = " + show(facts.theta) + " became x = " + show(facts.found);
    if (cause == ErrorCode::hidden_randomness) {
      throw LeakError(cause,
                      "The simulator uses random numbers that motherlode does not see: " + moved +
                          " when the run was repeated at the same theta with every draw held fixed; " + last + "." +
                          why_hidden(),
                      facts);
    }
    throw LeakError(cause,
                    "x depends on theta other than through its draws: " + moved + " on replay at theta = " +
                        show(facts.probe) + " with every draw held fixed; " + last +
                        ". The joint likelihood ratio would be wrong without any other sign. Let theta enter through "
                        "a draw's parameters only: draw x from Normal{theta, 1} instead of adding theta to a draw, use "
                        "draws.branch(p(theta)) instead of comparing a draw with p(theta).",
                    facts);
  }

  [[noreturn]] void diverged(const Divergence& divergence, const Theta& there, ErrorCode cause) const {
    const bool hidden = cause == ErrorCode::hidden_randomness;
    const std::string& place = divergence.found.empty() ? divergence.expected : divergence.found;
    const std::string what = "The path changed on replay at theta = " + show({there.begin(), there.end()}) +
                             ": in event " + std::to_string(index()) + ", drawn at theta = " +
                             show({theta().begin(), theta().end()}) + ", draw " + std::to_string(divergence.position) +
                             " should be " + detail::quoted(divergence.expected) + " but the simulator came to " +
                             detail::quoted(divergence.found) + ".";
    const std::string why =
        hidden ? why_hidden()
               : " theta, or randomness that is not intercepted, steers the control flow directly, so the joint "
                 "likelihood ratio does not follow from the draws. Replace an `if` on theta by "
                 "draws.branch(p(theta)), and let loops end on draws.";
    throw LeakError(hidden ? cause : ErrorCode::replay_diverged, what + why, finding(there, place));
  }

  const Model& model_;
  const GoldRequest& request_;
  std::size_t dimension_;
  std::size_t alternatives_;
  std::size_t row_ = 0;
  GoldBlock block_;
  Draws draws_;
  TraceWriter writer_;
  std::vector<double> ratios_;
  std::vector<double> score_;
  std::vector<double> x_;
  std::vector<double> found_;
  std::vector<double> shifted_;
};

/// Mine a checked request.
inline GoldBlock mine(const Model& model, const GoldRequest& request, const std::function<void()>& checkpoint = [] {}) {
  return Replayer(model, request).run(checkpoint);
}

}  // namespace motherlode
