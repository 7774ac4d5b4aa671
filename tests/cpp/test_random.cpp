/// What stands in for <random>: lazy uniforms, the engine, and the distributions, in code that knows no Draws.

#include <cmath>
#include <cstddef>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "check.hpp"
#include "models.hpp"

namespace {

motherlode::engine generator;

double rand01_branches(const Theta& theta, Draws&) {
  const auto u = uniform01(generator);
  const double p = theta[0];
  if (u < 0.5 * p) {
    return 0;
  }
  if (p > u) {
    return 1;
  }
  return 1 - u >= 0.25F * (1 - p) ? 2 : 3;
}

/// P(slot) of rand01_branches.
double probability(int slot, double p) {
  const double table[] = {0.5 * p, 0.5 * p, 0.75 * (1 - p), 0.25 * (1 - p)};
  return table[slot];
}

/// The model as its author may have written it, for tracked numbers too.
struct Branches {
  template <class T, class G>
  double operator()(const T& theta, G& draws) const {
    const BasicEngine<G> engine(draws);
    const auto u = LazyUniform<G>(engine);
    if (u < 0.5 * theta[0]) {
      return 0;
    }
    return theta[0] > u ? 1 : 1 - u >= 0.25 * (1 - theta[0]) ? 2 : 3;
  }
};

void check_slots(const GoldBlock& block) {
  CHECK(block.failures.empty());
  double counts[4] = {};
  for (std::size_t row = 0; row < block.x.size(); ++row) {
    const int slot = static_cast<int>(block.x[row]);
    counts[slot] += 1;
    CHECK_NEAR(block.joint_log_ratio[row], std::log(probability(slot, 0.4) / probability(slot, 0.7)), 1e-12);
    const double slope = slot < 2 ? 1 / 0.4 : -1 / 0.6;
    CHECK_NEAR(block.joint_score[row], slope, 1e-7);
  }
  const double size = static_cast<double>(block.x.size());
  for (int slot = 0; slot < 4; ++slot) {
    const double p = probability(slot, 0.4);
    CHECK_NEAR(counts[slot] / size, p, 4.5 * std::sqrt(p * (1 - p) / size));
  }
}

std::vector<double> old_fashioned(const Theta& theta, Draws&) {
  const double t = theta[0];
  motherlode::normal_distribution<double> normal(t, 2);
  motherlode::uniform_real_distribution<double> uniform(0, 100);
  motherlode::uniform_int_distribution<int> die(1, 6);
  motherlode::bernoulli_distribution coin(t);
  motherlode::binomial_distribution<int> binomial(12, t);
  motherlode::poisson_distribution<int> poisson(3 * t);
  motherlode::exponential_distribution<> exponential(1 + t);
  motherlode::gamma_distribution<double> gamma(2, 1 + t);
  motherlode::lognormal_distribution<double> lognormal(t, 1);
  motherlode::weibull_distribution<double> weibull(1.5, t);
  motherlode::discrete_distribution<int> discrete{t, 1.0, 2.0};
  motherlode::beta_distribution<double> beta(1 + t, 2);
  motherlode::truncated_normal_distribution<double> truncated(t, 1, 0, 3);
  motherlode::geometric_distribution<int> geometric(t);
  return {normal(generator),           uniform(generator),         double(die(generator)),      double(coin(generator)),
          double(binomial(generator)), double(poisson(generator)), exponential(generator),      gamma(generator),
          lognormal(generator),        weibull(generator),         double(discrete(generator)), beta(generator),
          truncated(generator),        double(geometric(generator))};
}

double mean(const std::vector<double>& x, std::size_t column, std::size_t columns) {
  double sum = 0;
  for (std::size_t i = column; i < x.size(); i += columns) {
    sum += x[i];
  }
  return sum * static_cast<double>(columns) / static_cast<double>(x.size());
}

}  // namespace

TEST("random: comparing a lazy uniform branches, narrows, and gives exact gold") {
  check_slots(gold(one_parameter(rand01_branches, 0, 1), request(20000, 0.4, {0.7})));
  check_slots(gold(one_parameter(Branches{}, 0, 1), request(20000, 0.4, {0.7})));
  check_slots(gold(one_parameter(tracked<1, 1>(Branches{}), 0, 1), request(20000, 0.4, {0.7})));
}

TEST("random: probes find no leak in branches on a lazy uniform") {
  CHECK(gold(one_parameter(rand01_branches, 0, 1), probing(1000, 0.4)).probed == 1000);
}

TEST("random: an untouched uniform draws nothing, copies share it, a settled one stays") {
  const auto model = one_parameter([](const Theta&, Draws& draws) {
    engine local(draws);
    const auto unused = uniform01(local);
    const auto u = uniform01(local);
    const auto copy = u;
    auto assigned = uniform01(local);
    assigned = copy;
    const double first = u;
    const double complement = 1 - copy;
    CHECK(first == assigned && first >= 0 && first < 1 && complement == 1 - first && (u < first + 1e-9));
    return first;
  });
  const GoldBlock block = gold(model, request(100, 0.5, {0.25}));
  CHECK(block.failures.empty() && block.draws == 100);
}

TEST("random: a uniform used after a comparison with theta has a ratio and no score") {
  const auto model = one_parameter([](const Theta& theta, Draws&) {
    const auto u = uniform01(generator);
    return u < theta[0] ? double(u) : -double(u);
  });
  const GoldBlock block = gold(model, request(200, 0.5, {0.8}));
  for (std::size_t row = 0; row < 200; ++row) {
    CHECK(std::isnan(block.joint_score[row]));
    const double x = block.x[row];
    CHECK_NEAR(block.joint_log_ratio[row], -x > 0.5 && -x < 0.8 ? inf : 0, 1e-12);
  }
}

TEST("random: affine forms branch as the number would, rising and falling") {
  const auto model = one_parameter([](const Theta& theta, Draws&) {
    const auto angle = 360 * uniform01(generator) - 180;
    const auto falling = (2 - 4 * uniform01(generator)) / 2;
    return (angle < 360 * theta[0] - 180 ? 1 : 0) + (falling > 1 - 2 * theta[0] ? 2 : 0);
  });
  const GoldBlock block = gold(model, request(20000, 0.3, {0.6}));
  for (std::size_t row = 0; row < block.x.size(); ++row) {
    const int x = static_cast<int>(block.x[row]);
    const double wanted = (x & 1 ? std::log(0.5) : std::log(0.7 / 0.4)) + (x & 2 ? std::log(0.5) : std::log(0.7 / 0.4));
    CHECK_NEAR(block.joint_log_ratio[row], wanted, 1e-12);
  }
}

TEST("random: an inverse-CDF exponential of a lazy uniform is still the leak it is") {
  const auto model = one_parameter([](const Theta& theta, Draws&) { return -std::log(uniform01(generator)) / theta[0]; });
  CHECK(leak_of(model, probing(1, 0.5)).code() == ErrorCode::leak);
}

TEST("random: distributions draw what <random> draws, and their gold is the families'") {
  const GoldBlock block =
      gold(one_parameter(old_fashioned, 0, 1).output({14}), request(20000, 0.5, {0.6}, Keep::traces));
  CHECK(block.failures.empty());
  const double half_normal =
      0.5 + (0.3520653267642995 - 0.01752830049356854) / (0.9937903346742238 - 0.3085375387259869);
  const double means[] = {0.5,     50,        3.5,        0.5,           6,
                          1.5,     1 / 1.5,   3,          std::exp(1.0), 0.5 * std::tgamma(1 + 1 / 1.5),
                          5 / 3.5, 1.5 / 3.5, half_normal, 1};
  const double sds[] = {2, 29, 1.71, 0.5, 1.73, 1.23, 0.67, 2.2, 3.6, 0.31, 0.8, 0.24, 0.7, 1.41};
  for (std::size_t i = 0; i < 14; ++i) {
    CHECK_NEAR(mean(block.x, i, 14), means[i], 4.8 * sds[i] / std::sqrt(20000.0));
  }
  const auto& sites = block.traces.sites;
  CHECK(sites.size() == 13);
  CHECK(sites[0].address.find("test_random.cpp:old_fashioned:") == 0);
  CHECK(sites[8].family == Weibull<double>::id && sites[11].family == Normal<double>::id &&
        sites[12].family == Geometric<double>::id);
}

TEST("random: gold of a multivariate normal is that of its density") {
  const auto model = one_parameter([](const Theta& theta, Draws&) {
                       const double t = theta[0];
                       return multivariate_normal_distribution<double>({t, 2 * t}, {{1 + t}, {t, 2.0}})(generator);
                     }).output({2});
  const auto log_density = [](double x, double y, double t) {
    const double z = (x - t) / (1 + t);
    return Normal{t, 1 + t}.log_prob(x) + Normal{2 * t + t * z, 2.0}.log_prob(y);
  };
  const GoldBlock block = gold(model, request(200, 0.5, {0.3}));
  for (std::size_t row = 0; row < 200; ++row) {
    const double x = block.x[2 * row];
    const double y = block.x[2 * row + 1];
    CHECK_NEAR(block.joint_log_ratio[row], log_density(x, y, 0.5) - log_density(x, y, 0.3),
               1e-12 * (10 + x * x + y * y));
  }
}

TEST("random: draws outside of a run, or in another thread, are refused clearly") {
  CHECK(says(THROWN(Error, generator()), "outside of a run, or in another thread"));
  const auto model = one_parameter([](const Theta&, Draws&) {
    bool refused = false;
    std::thread other([&refused] {
      try {
        generator();
      } catch (const Error&) {
        refused = true;
      }
    });
    other.join();
    return refused ? 1 : 0;
  });
  CHECK(gold(model, request(1, 0.5, {})).x[0] == 1);
}
