/// The Galton board as anybody would write it, knowing nothing of motherlode: prints balls per second.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>

#include "../../simulators/galton/board.hpp"

struct Coins {
  bool branch(double p) { return uniform(engine) < p; }

  std::mt19937_64 engine{1};
  std::uniform_real_distribution<double> uniform;
};

int main(int argc, char** argv) {
  const int balls = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const double theta[] = {-0.8};
  Coins coins;
  double sum = 0;
  const auto start = std::chrono::steady_clock::now();
  for (int ball = 0; ball < balls; ++ball) {
    sum += galton::fall(theta, coins);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::cout << balls / seconds.count() << ' ' << sum / balls << '\n';
}
