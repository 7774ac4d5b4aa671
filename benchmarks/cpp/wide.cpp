/// The Galton board with two parameters, the second a steepness, carrying four alternatives and two derivatives.

#include <array>

#include "../../simulators/galton/board.hpp"
#include "motherlode/main.hpp"

struct Board {
  template <class Theta, class Draws>
  double operator()(const Theta& theta, Draws& draws) const {
    return galton::fall(std::array{theta[0] * theta[1]}, draws);
  }
};

int main(int argc, char** argv) {
  const auto fall = motherlode::tracked<2, 4>(Board{});
  return motherlode::main(
      motherlode::Model("wide", "1.0", fall).parameter("theta", -1.0, -0.4).parameter("steepness", 0.5, 2.0), argc,
      argv);
}
