// An epidemic in a school of 40, day by day, as such codes are written: a global generator, std distributions,
// and `if (u(gen) < p)`. Prints, for each outbreak, how many fell ill, on how many days, and the worst day's number.
//
//     epidemic CONTACTS_PER_DAY RECOVERY OUTBREAKS SEED

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

std::mt19937 gen;
std::uniform_real_distribution<double> u(0.0, 1.0);

enum class Health { susceptible, ill, recovered };

const int pupils = 40;
const double infectious = 0.25;

int spread(std::vector<Health>& school, double contacts_per_day) {
  std::poisson_distribution<int> contacts(contacts_per_day);
  std::uniform_int_distribution<int> anybody(0, pupils - 1);
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
  if (argc != 5) return 1;
  gen.seed(std::atoi(argv[4]));
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    const std::vector<double> x = outbreak(std::atof(argv[1]), std::atof(argv[2]));
    std::cout << x[0] << ' ' << x[1] << ' ' << x[2] << '\n';
  }
}
