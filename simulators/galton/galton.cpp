/// The generalized Galton board of Brehmer, Louppe, Pavez, Cranmer (1805.12244): a ball falls through twenty
/// rows of nails, and the nails near the middle of the board mind theta most. x is the bin it ends in.

#include <array>
#include <cmath>

#include "motherlode/main.hpp"

namespace {

constexpr int rows = 20;
constexpr int nails = 31;
constexpr int start = nails / 2;

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

/// How much the nails of a row mind theta: not at all at the top and the bottom.
std::array<double, rows> sensitivity() {
  constexpr double pi = 3.14159265358979323846;
  std::array<double, rows> by_row{};
  for (int row = 0; row < rows; ++row) {
    by_row[static_cast<std::size_t>(row)] = std::sin(pi * row / (rows - 1));
  }
  return by_row;
}

const std::array<double, rows> sensitivity_of = sensitivity();

double probability_left(double theta, int row, int nail) {
  if (row % 2 == 1 && nail == 0) {
    return 0;
  }
  if (row % 2 == 1 && nail == nails) {
    return 1;
  }
  const double s = sensitivity_of[static_cast<std::size_t>(row)];
  return 0.5 * (1 - s) + s * sigmoid(10 * theta * (2.0 * nail / (nails - 1) - 1));
}

double galton(const motherlode::Theta& theta, motherlode::Draws& draws) {
  int nail = start;
  for (int row = 0; row < rows; ++row) {
    const bool left = draws.branch(probability_left(theta[0], row, nail));
    const bool is_even = row % 2 == 0;
    nail += is_even ? (left ? 0 : 1) : (left ? -1 : 0);
  }
  return nail;
}

}  // namespace

int main(int argc, char** argv) {
  return motherlode::main(motherlode::Model("galton", "1.0", galton).parameter("theta", -1.0, -0.4), argc, argv);
}
