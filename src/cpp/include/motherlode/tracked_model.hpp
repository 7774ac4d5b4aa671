#pragma once

/// Turn a model that is templated on its number into one that is mined by tangents.
///
///     struct Toss {
///       template <class Theta, class Draws>
///       double operator()(const Theta& theta, Draws& draws) const { return draws.branch(theta[0]); }
///     };
///     const auto model = motherlode::Model("toss", "1.0", motherlode::tracked<1, 4>(Toss{})).parameter("bias", 0, 1);

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "motherlode/replay.hpp"
#include "motherlode/run_scope.hpp"
#include "motherlode/tangents.hpp"
#include "motherlode/theta.hpp"
#include "motherlode/tracked_draws.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// Passes with D derivatives and K alternatives compiled in; more than that takes several passes.
template <std::size_t D, std::size_t K, class Function>
class TrackedPasses : public Tangents {
 public:
  TrackedPasses(const Function& function, std::size_t dimension) : function_(function), theta_(dimension) {
    gold_.score.resize(dimension);
  }

  const TangentGold& mine(std::uint64_t seed, std::uint64_t event, const Theta& theta, const double* alternatives,
                          std::size_t count) override {
    gold_.log_ratio.resize(count);
    gold_.diverted.clear();
    gold_.is_alive = false;
    std::size_t pass = 0;
    do {
      const Lanes lanes{alternatives, count, pass * K, pass * D};
      track(theta, lanes);
      run(Philox(seed, Stream::draws, event), lanes);
      ++pass;
    } while (pass * K < count || pass * D < theta.size());
    return gold_;
  }

 private:
  using Real = Tracked<D, K>;
  static_assert(D > 0 && K > 0, "A pass must carry at least one derivative and one alternative.");

  /// One pass carries K of `count` alternatives and D directions, from these on.
  struct Lanes {
    const double* alternatives;
    std::size_t count;
    std::size_t first_alternative;
    std::size_t first_direction;
  };

  /// Lanes that are not used repeat theta.
  void track(const Theta& theta, const Lanes& lanes) {
    for (std::size_t i = 0; i < theta.size(); ++i) {
      std::array<double, 1 + K> values;
      values.fill(theta[i]);
      for (std::size_t lane = 0; lane < K && lanes.first_alternative + lane < lanes.count; ++lane) {
        values[1 + lane] = lanes.alternatives[(lanes.first_alternative + lane) * theta.size() + i];
      }
      std::array<double, D> tangents{};
      for (std::size_t lane = 0; lane < D; ++lane) {
        tangents[lane] = lanes.first_direction + lane == i ? 1.0 : 0.0;
      }
      theta_[i] = Real(values, tangents);
    }
  }

  void run(const Philox& stream, const Lanes& lanes) {
    TrackedDraws<D, K> draws(stream);
    const RunScope<TrackedDraws<D, K>> scope(draws);
    diverted = 0;
    take(function_(BasicTheta<Real>(theta_), draws));
    gold_.draws = draws.count();
    for (std::size_t lane = 0; lane < K && lanes.first_alternative + lane < lanes.count; ++lane) {
      const std::size_t k = lanes.first_alternative + lane;
      gold_.log_ratio[k] = draws.log_ratio(lane);
      const bool is_sound = gold_.log_ratio[k] > -detail::infinity;
      if ((diverted >> lane & 1) != 0 || !is_sound) {
        gold_.diverted.push_back(k);
      }
    }
    for (std::size_t lane = 0; lane < D && lanes.first_direction + lane < gold_.score.size(); ++lane) {
      gold_.score[lanes.first_direction + lane] = draws.score(lane);
    }
  }

  template <class Result>
  void take(const Result& result) {
    gold_.x.clear();
    if constexpr (std::is_arithmetic_v<Result> || std::is_same_v<Result, Real>) {
      take_number(result);
    } else {
      for (const auto& number : result) {
        take_number(number);
      }
    }
  }
  void take_number(double number) { gold_.x.push_back(number); }
  void take_number(const Real& number) {
    gold_.x.push_back(number.value());
    gold_.is_alive = gold_.is_alive || !number.is_constant();
  }

  const Function function_;
  std::vector<Real> theta_;
  TangentGold gold_;
};

/// A function that Model knows how to run both ways.
template <std::size_t D, std::size_t K, class Function>
class TrackedFunction {
 public:
  explicit TrackedFunction(Function function) : function_(std::move(function)) {}

  template <class Draws>
  auto operator()(const Theta& theta, Draws& draws) const {
    return function_(theta, draws);
  }

  MakeTangents tangents() const {
    return [function = function_](std::size_t dimension) {
      return std::make_unique<TrackedPasses<D, K, Function>>(function, dimension);
    };
  }

 private:
  Function function_;
};

template <std::size_t D, std::size_t K, class Function>
TrackedFunction<D, K, Function> tracked(Function function) {
  return TrackedFunction<D, K, Function>(std::move(function));
}

}  // namespace motherlode
