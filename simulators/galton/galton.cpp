/// The Galton board as a program that motherlode can open: three lines around the physics of board.hpp.

#include "board.hpp"

#include "motherlode/main.hpp"

int main(int argc, char** argv) {
  const auto fall = galton::fall<motherlode::Theta, motherlode::Draws>;
  return motherlode::main(motherlode::Model("galton", "1.0", fall).parameter("theta", -1.0, -0.4), argc, argv);
}
