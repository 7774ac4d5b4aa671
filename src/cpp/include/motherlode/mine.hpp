#pragma once

/// Mine a block: event after event, by tangents where the model has them, else by replay.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/exception_text.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/leaks.hpp"
#include "motherlode/model.hpp"
#include "motherlode/replay.hpp"
#include "motherlode/tangents.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// Not thread-safe; make one for each thread.
class Miner {
 public:
  Miner(const Model& model, const GoldRequest& request)
      : request_(request),
        dimension_(model.parameters().size()),
        alternatives_(request.keep == Keep::simulate ? 0 : request.alternatives_of(dimension_)),
        replay_(model),
        writer_(block_.traces, alternatives_),
        ratios_(alternatives_),
        score_(request.keep == Keep::simulate ? 0 : dimension_) {
    if (request.keep == Keep::gold && model.tangents()) {
      tangents_ = model.tangents()(dimension_);
    }
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
    block_.traces.sites = replay_.sites();
    return std::move(block_);
  }

 private:
  std::uint64_t index() const { return request_.first + row_; }
  bool tracing() const { return request_.keep == Keep::traces; }
  TraceWriter* writer() { return tracing() ? &writer_ : nullptr; }
  double step(std::size_t d) const { return request_.steps[row_ * dimension_ + d]; }
  const double* first_alternative() const { return request_.alternatives.data() + row_ * alternatives_ * dimension_; }
  Theta theta() const { return {request_.theta.data() + row_ * dimension_, dimension_}; }
  Theta alternative(std::size_t k) const { return {first_alternative() + k * dimension_, dimension_}; }

  bool is_probed() const {
    const bool regular = request_.probe_every != 0 && index() % request_.probe_every == 0;
    return !request_.probe_low.empty() && (index() < request_.probe_events || regular);
  }

  /// One row, or one failure. A leak is no failure: it condemns the block.
  void event() {
    try {
      tangents_ ? by_tangents() : by_replay();
      keep();
    } catch (const LeakError&) {
      throw;
    } catch (...) {
      fail(current_exception_text());
    }
  }

  void by_replay() {
    x_ = replay_.record(request_.seed, index(), theta(), writer());
    draws_ = replay_.draw_count();
    if (request_.keep == Keep::simulate) {
      return;
    }
    probe();
    for (std::size_t k = 0; k < alternatives_; ++k) {
      ratios_[k] = replay_.log_ratio(alternative(k), writer(), k);
    }
    for (std::size_t d = 0; d < dimension_; ++d) {
      score_[d] = replay_.score(d, step(d));
    }
    check_score(2);
  }

  /// Replay only what tangents cannot say, and on probed events what they said.
  void by_tangents() {
    const TangentGold& gold = tangents_->mine(request_.seed, index(), theta(), first_alternative(), alternatives_);
    x_ = gold.x;
    draws_ = gold.draws;
    ratios_ = gold.log_ratio;
    score_ = gold.score;
    const bool is_alive = gold.is_alive;
    if (!is_probed() && gold.diverted.empty() && !is_alive) {
      return;
    }
    replay_.record(request_.seed, index(), theta());
    replay_.check_x(x_);
    if (is_alive) {
      throw live_tangent(replay_.finding(theta()));
    }
    probe();
    for (const std::size_t k : gold.diverted) {
      ratios_[k] = replay_.log_ratio(alternative(k));
    }
    block_.diverted += gold.diverted.size();
    check_score(1);
  }

  void probe() {
    if (is_probed() && replay_.probe(request_.probe_low, request_.probe_high)) {
      ++block_.probed;
    }
  }

  /// On probed events, compare the score with differences over so many steps.
  void check_score(double steps) {
    for (std::size_t d = 0; is_probed() && d < dimension_; ++d) {
      const double again = replay_.score(d, steps * step(d));
      const double discrepancy = std::abs(score_[d] - again) / (1 + std::abs(score_[d]));
      block_.score_discrepancy = std::fmax(block_.score_discrepancy, discrepancy);
    }
  }

  /// Where one component does not exist, the score of the event does not.
  void void_broken_score() {
    if (!std::all_of(score_.begin(), score_.end(), [](double t) { return std::isfinite(t); })) {
      std::fill(score_.begin(), score_.end(), std::numeric_limits<double>::quiet_NaN());
    }
  }

  void keep() {
    void_broken_score();
    block_.x.insert(block_.x.end(), x_.begin(), x_.end());
    block_.joint_log_ratio.insert(block_.joint_log_ratio.end(), ratios_.begin(), ratios_.end());
    block_.joint_score.insert(block_.joint_score.end(), score_.begin(), score_.end());
    block_.draws += draws_;
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

  const GoldRequest& request_;
  std::size_t dimension_;
  std::size_t alternatives_;
  std::size_t row_ = 0;
  GoldBlock block_;
  Replay replay_;
  std::unique_ptr<Tangents> tangents_;
  TraceWriter writer_;
  std::size_t draws_ = 0;
  std::vector<double> x_;
  std::vector<double> ratios_;
  std::vector<double> score_;
};

/// Mine a checked request.
inline GoldBlock mine(const Model& model, const GoldRequest& request, const std::function<void()>& checkpoint = [] {}) {
  return Miner(model, request).run(checkpoint);
}

}  // namespace motherlode
