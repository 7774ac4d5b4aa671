#pragma once

/// What is asked of a gold run and what comes back: the columns of a block of events.

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/model.hpp"
#include "motherlode/trace.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// What is recorded for each event, numbered as `Recorded` in ppx.fbs.
enum class Keep : std::uint8_t { simulate = 0, gold = 1, traces = 2 };

/// `count` events, event i on stream (seed, first + i). Arrays are row-major; K follows from their sizes.
struct GoldRequest {
  Keep keep = Keep::gold;
  std::uint64_t seed = 0;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::vector<double> theta;         ///< count x D
  std::vector<double> alternatives;  ///< count x K x D
  std::vector<double> steps;         ///< count x D, of the finite differences
  std::vector<double> probe_low;     ///< D, or empty: no probes
  std::vector<double> probe_high;
  std::uint64_t probe_events = 1000;
  std::uint64_t probe_every = 100;

  std::size_t alternatives_of(std::size_t dimension) const {
    const std::size_t row = count * dimension;
    return row == 0 ? 0 : alternatives.size() / row;
  }
};

struct Failure {
  std::uint64_t event;
  std::string text;
};

/// Columns of the events that did not fail, in order.
struct GoldBlock {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::vector<double> x;
  std::vector<double> joint_log_ratio;  ///< rows x K: log p(x,z|theta) - log p(x,z|alternative)
  std::vector<double> joint_score;      ///< rows x D at theta, NaN where it does not exist
  std::uint64_t draws = 0;
  std::uint32_t probed = 0;
  double score_discrepancy = 0;
  std::uint64_t diverted = 0;  ///< alternatives that control flow by theta sent from tangents to replay
  std::vector<Failure> failures;
  TraceBlock traces;
};

namespace detail {

[[noreturn]] inline void bad_request(const std::string& what) {
  throw Error(ErrorCode::bad_request, what + " Nothing was run. Correct the request and send it again.");
}

inline void check_size(const char* field, std::size_t size, std::size_t wanted) {
  if (size != wanted) {
    bad_request(std::string("GoldRun.") + field + " holds " + std::to_string(size) + " numbers where " +
                std::to_string(wanted) + " are needed.");
  }
}

inline void check_finite(const char* field, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      bad_request(std::string("GoldRun.") + field + "[" + std::to_string(i) + "] is " + std::to_string(values[i]) +
                  ", not a finite number.");
    }
  }
}

inline void check_bounds(const char* field, const std::vector<double>& values, const Model& model) {
  for (std::size_t i = 0; i < values.size();) {
    for (const Parameter& parameter : model.parameters()) {
      if (values[i] < parameter.low || values[i] > parameter.high) {
        bad_request(std::string("GoldRun.") + field + "[" + std::to_string(i) + "], which is " + parameter.name +
                    " = " + show({values[i]}) + ", lies outside its declared bounds " +
                    show({parameter.low, parameter.high}) + ".");
      }
      ++i;
    }
  }
}

inline void check_steps(const std::vector<double>& steps) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!(steps[i] > 0)) {
      bad_request("GoldRun.steps[" + std::to_string(i) + "] is " + std::to_string(steps[i]) +
                  ", not a positive number.");
    }
  }
}

inline void check_parameters(const char* field, const std::vector<double>& values, const Model& model) {
  check_finite(field, values);
  check_bounds(field, values, model);
}

}  // namespace detail

/// Refuse, before anything runs, a request that does not fit the model.
inline void check(const GoldRequest& request, const Model& model, std::uint32_t max_events) {
  const std::size_t dimension = model.parameters().size();
  const std::size_t row = request.count * dimension;
  if (request.count == 0 || request.count > max_events) {
    detail::bad_request("GoldRun.count is " + std::to_string(request.count) + "; it must lie in 1.." +
                        std::to_string(max_events) + ".");
  }
  detail::check_size("theta", request.theta.size(), row);
  detail::check_size("alternatives", request.alternatives.size(), request.alternatives_of(dimension) * row);
  detail::check_parameters("theta", request.theta, model);
  detail::check_parameters("alternatives", request.alternatives, model);
  if (request.keep == Keep::simulate) {
    return;
  }
  detail::check_size("steps", request.steps.size(), row);
  detail::check_finite("steps", request.steps);
  detail::check_steps(request.steps);
  detail::check_size("probe_high", request.probe_high.size(), request.probe_low.size());
  if (!request.probe_low.empty()) {
    detail::check_size("probe_low", request.probe_low.size(), dimension);
    detail::check_parameters("probe_low", request.probe_low, model);
    detail::check_parameters("probe_high", request.probe_high, model);
  }
}

}  // namespace motherlode
