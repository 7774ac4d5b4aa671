// An epidemic in a school of 40, day by day, as such codes are written: a global generator, std distributions,
// and `if (u(gen) < p)`. Prints, for each outbreak, how many fell ill, on how many days, and the worst day's number.
//
//     epidemic_mined ENDPOINT, or alone: --theta CONTACTS_PER_DAY,RECOVERY --events OUTBREAKS --seed SEED

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "motherlode/main.hpp"

motherlode::engine gen;
motherlode::uniform_real_distribution<double> u(0.0, 1.0);

enum class Health { susceptible, ill, recovered };

const int pupils = 40;
const double infectious = 0.25;

int spread(std::vector<Health>& school, double contacts_per_day) {
  motherlode::poisson_distribution<int> contacts(contacts_per_day);
  motherlode::uniform_int_distribution<int> anybody(0, pupils - 1);
  int infected = 0;
  const int met = contacts(gen);
  for (int i = 0; i < met; ++i) {
    Health& other = school[anybody(gen)];
    if (other == Health::susceptible && u(gen) < infectious) {
      other = Health::ill;
      ++infected;
    }
  }
  return infected;
}

std::vector<double> outbreak(double contacts_per_day, double recovery) {
  std::vector<Health> school(pupils, Health::susceptible);
  school[0] = Health::ill;
  int days = 0, total = 1, worst = 1, now = 1;
  while (now > 0) {
    for (int i = 0; i < pupils; ++i) {
      if (school[i] != Health::ill) continue;
      total += spread(school, contacts_per_day);
      if (u(gen) < recovery) school[i] = Health::recovered;
    }
    now = std::count(school.begin(), school.end(), Health::ill);
    worst = std::max(worst, now);
    ++days;
  }
  return {double(total), double(days), double(worst)};
}

int main(int argc, char** argv) {
  const auto model = [](const motherlode::Theta& theta, motherlode::Draws&) { return outbreak(theta[0], theta[1]); };
  return motherlode::main(motherlode::Model("epidemic", "1.0", model)
                              .parameter("contacts_per_day", 0.5, 4.0)
                              .parameter("recovery", 0.1, 0.9)
                              .output({3}),
                          argc, argv);
}
