/// The same board, mined by tangents: exact gold in one pass of the physics in tracked numbers.

#include "board.hpp"

#include "motherlode/main.hpp"

namespace {

struct Board {
  template <class Theta, class Draws>
  double operator()(const Theta& theta, Draws& draws) const {
    return galton::fall(theta, draws);
  }
};

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t derivatives = 1;
  constexpr std::size_t alternatives = 1;
  const auto fall = motherlode::tracked<derivatives, alternatives>(Board{});
  return motherlode::main(motherlode::Model("galton", "1.0", fall).parameter("theta", -1.0, -0.4), argc, argv);
}
