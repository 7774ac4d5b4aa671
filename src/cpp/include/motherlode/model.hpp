#pragma once

/// A model: a callable with a name, a version, declared parameters and the shape of its x.

#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "motherlode/draws.hpp"
#include "motherlode/errors.hpp"
#include "motherlode/run_scope.hpp"
#include "motherlode/tangents.hpp"
#include "motherlode/theta.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A parameter and its bounds; infinite where not declared.
struct Parameter {
  std::string name;
  double low;
  double high;
};

///     double toss(const motherlode::Theta& theta, motherlode::Draws& draws);
///     const auto model = motherlode::Model("toss", "1.0", toss).parameter("bias", 0.1, 0.9);
///
/// A model may return a number, or a container of numbers whose shape `output` declares.
class Model {
 public:
  template <class Function>
  Model(std::string name, std::string version, Function function)
      : name_(std::move(name)), version_(std::move(version)), tangents_(tangents_of(function)) {
    run_ = adapt(std::move(function));
  }

  Model& parameter(std::string name, double low = -unbounded, double high = unbounded) {
    if (!(low < high)) {
      throw Error(ErrorCode::bad_request, "Parameter " + name + " is declared with bounds " + show({low, high}) +
                                              ". No theta lies in them. Give low < high.");
    }
    parameters_.push_back({std::move(name), low, high});
    return *this;
  }

  Model& output(std::vector<std::uint32_t> shape) {
    shape_ = std::move(shape);
    return *this;
  }

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const std::vector<std::uint32_t>& shape() const { return shape_; }

  /// How to make its tangents; empty for a model in plain double.
  const MakeTangents& tangents() const { return tangents_; }

  std::size_t output_size() const {
    return std::accumulate(shape_.begin(), shape_.end(), std::size_t{1}, std::multiplies<>());
  }

  /// Run once and put x where it is wanted.
  void operator()(const Theta& theta, Draws& draws, std::vector<double>& x) const {
    const RunScope<Draws> scope(draws);
    run_(theta, draws, x);
    if (x.size() != output_size()) {
      throw Error(ErrorCode::simulator_failed,
                  "The model " + name_ + " returned " + std::to_string(x.size()) + " numbers, but its declared shape " +
                      "holds " + std::to_string(output_size()) +
                      ". Events of one block must have one shape. Declare it with Model::output.");
    }
  }

 private:
  using Run = std::function<void(const Theta&, Draws&, std::vector<double>&)>;
  static constexpr double unbounded = std::numeric_limits<double>::infinity();

  template <class Function>
  static Run adapt(Function function) {
    return [function = std::move(function)](const Theta& theta, Draws& draws, std::vector<double>& x) {
      using Result = std::invoke_result_t<const Function&, const Theta&, Draws&>;
      if constexpr (std::is_arithmetic_v<Result>) {
        x.assign(1, static_cast<double>(function(theta, draws)));
      } else {
        const Result result = function(theta, draws);
        x.assign(std::begin(result), std::end(result));
      }
    };
  }

  template <class Function>
  static auto tangents_of(const Function& function) -> decltype(function.tangents()) {
    return function.tangents();
  }
  static MakeTangents tangents_of(...) { return {}; }

  std::string name_;
  std::string version_;
  MakeTangents tangents_;
  Run run_;
  std::vector<Parameter> parameters_;
  std::vector<std::uint32_t> shape_;
};

}  // namespace motherlode
