/// Mine the Galton board inside one process, by tangents: prints balls per second.

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "../../simulators/galton/board.hpp"
#include "motherlode/motherlode.hpp"

struct Board {
  template <class Theta, class Draws>
  double operator()(const Theta& theta, Draws& draws) const {
    return galton::fall(theta, draws);
  }
};

int main(int argc, char** argv) {
  const auto balls = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 200'000);
  const auto model =
      motherlode::Model("galton", "1.0", motherlode::tracked<1, 1>(Board{})).parameter("theta", -1.0, -0.4);
  motherlode::GoldRequest request;
  request.first = 1'000'001;
  request.count = balls;
  request.theta.assign(balls, -0.8);
  request.alternatives.assign(balls, -0.6);
  request.steps.assign(balls, 3.6e-6);
  request.probe_low = {-1.0};
  request.probe_high = {-0.4};
  const auto start = std::chrono::steady_clock::now();
  const motherlode::GoldBlock block = motherlode::mine(model, request);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << balls / seconds.count() << ' ' << block.x.size() << '\n';
}
