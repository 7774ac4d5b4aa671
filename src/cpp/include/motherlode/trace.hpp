#pragma once

/// Columns of branchings: what is kept of every draw when traces are asked for.

#include <cstdint>
#include <limits>
#include <vector>

#include "motherlode/sites.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// Ragged branchings of many events, as `TraceBlock` in ppx.fbs has them.
struct TraceBlock {
  std::vector<Site> sites;
  std::vector<std::uint64_t> offsets{0};  ///< rows + 1
  std::vector<std::uint32_t> site;
  std::vector<double> value;
  std::vector<std::uint64_t> parameter_offsets{0};
  std::vector<double> parameters;  ///< at theta
  std::vector<double> log_prob;    ///< branchings x (1 + K): at theta, then at each alternative
};

/// Writes one event after the other; an event that fails is taken back.
class TraceWriter {
 public:
  TraceWriter(TraceBlock& block, std::size_t alternatives) : block_(block), width_(1 + alternatives) {}

  template <class Parameters>
  void branching(Sites::Id site, double value, const Parameters& parameters, double log_prob) {
    block_.site.push_back(site);
    block_.value.push_back(value);
    block_.parameters.insert(block_.parameters.end(), parameters.begin(), parameters.end());
    block_.parameter_offsets.push_back(block_.parameters.size());
    block_.log_prob.push_back(log_prob);
    block_.log_prob.resize(block_.site.size() * width_, std::numeric_limits<double>::quiet_NaN());
  }

  /// Of draw `position` of the event at hand, log p at alternative `column`.
  void at_alternative(std::size_t position, std::size_t column, double log_prob) {
    block_.log_prob[(block_.offsets.back() + position) * width_ + 1 + column] = log_prob;
  }

  void keep_event() { block_.offsets.push_back(block_.site.size()); }

  void drop_event() {
    const std::size_t draws = block_.offsets.back();
    block_.site.resize(draws);
    block_.value.resize(draws);
    block_.parameter_offsets.resize(draws + 1);
    block_.parameters.resize(block_.parameter_offsets.back());
    block_.log_prob.resize(draws * width_);
  }

 private:
  TraceBlock& block_;
  std::size_t width_;
};

}  // namespace motherlode
