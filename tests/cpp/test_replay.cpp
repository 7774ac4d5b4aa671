/// Gold by replay against closed forms and dynamic programming, and the ways in which a model can spoil it.

#include <array>
#include <cmath>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "models.hpp"

TEST("replay: linear Gaussian has its closed form") {
  const GoldBlock block = gold(one_parameter(NoiseAndReading{}), request(200, 0.5, {0.0, -3.0}, Keep::traces));
  for (std::size_t row = 0; row < 200; ++row) {
    const double z = block.traces.value[2 * row];
    CHECK_NEAR(block.joint_log_ratio[2 * row], (z * z - (z - 0.5) * (z - 0.5)) / 8, 1e-12 * (1 + z * z));
    CHECK_NEAR(block.joint_log_ratio[2 * row + 1], ((z + 3) * (z + 3) - (z - 0.5) * (z - 0.5)) / 8,
               1e-12 * (10 + z * z));
    CHECK_NEAR(block.joint_score[row], (z - 0.5) / 4, 1e-9 * (1 + std::abs(z)));
    CHECK(block.x[row] == block.traces.value[2 * row + 1]);
  }
}

TEST("replay: every family enters the ratio and the score") {
  const GoldBlock block = gold(one_parameter(Zoo{}, 0, 1).output({12}), request(100, 0.4, {0.7}, Keep::traces));
  CHECK(block.failures.empty());
  for (std::size_t row = 0; row < 100; ++row) {
    const double* values = &block.x[12 * row];
    const double wanted = zoo_log_prob(values, 0.4) - zoo_log_prob(values, 0.7);
    const double h = 1e-5;
    const double slope = (zoo_log_prob(values, 0.4 + h) - zoo_log_prob(values, 0.4 - h)) / (2 * h);
    CHECK_NEAR(block.joint_log_ratio[row], wanted, 1e-12 * (100 + std::abs(wanted)));
    CHECK_NEAR(block.joint_score[row], slope, 1e-7 * (1 + std::abs(slope)));
  }
}

TEST("replay: within a step of a bound the score is one-sided and as right") {
  for (const double theta : {0.2, 0.8}) {
    const GoldBlock inside = gold(one_parameter(Zoo{}, 0, 1).output({12}), request(50, theta, {}));
    const GoldBlock at_bound = gold(one_parameter(Zoo{}, 0.2, 0.8).output({12}), request(50, theta, {}));
    for (std::size_t row = 0; row < 50; ++row) {
      CHECK(inside.x[row] == at_bound.x[row]);
      CHECK_NEAR(at_bound.joint_score[row], inside.joint_score[row], 1e-7 * (1 + std::abs(inside.joint_score[row])));
    }
  }
}

TEST("replay: the board agrees with dynamic programming") {
  const std::array<double, 21> log_r{.74360,  .65368,  .54481,  .41876,  .28013,  .13621,  -.00370,
                                     -.12897, -.22831, -.29093, -.30899, -.28041, -.20961, -.10560,
                                     .02078,  .15859,  .29752,  .42857,  .54496,  .64286,  .72135};
  const std::array<double, 21> score{-2.91062, -2.58951, -2.18048, -1.68391, -1.11345, -.49701,  .12519,
                                     .70277,   1.17612,  1.48173,  1.56958,  1.42612,  1.08121,  .59118,
                                     .01684,   -.58678,  -1.17207, -1.70073, -2.14768, -2.50293, -2.76964};
  constexpr std::uint32_t balls = 200000;
  GoldRequest asked = request(balls, -0.8, {-0.6});
  asked.probe_low = {-1};
  asked.probe_high = {-0.4};
  const GoldBlock block = gold(board(), asked);
  CHECK(block.probed == 1000 + balls / 100 - 10);
  CHECK(block.score_discrepancy < 1e-7);
  CHECK(block.draws == 20ull * balls);
  struct Sums {
    double n = 0, r = 0, rr = 0, t = 0, tt = 0;
  };
  std::map<int, Sums> by_slot;
  for (std::size_t row = 0; row < balls; ++row) {
    Sums& sums = by_slot[static_cast<int>(block.x[row])];
    const double inverse_ratio = std::exp(-block.joint_log_ratio[row]);
    const double t = block.joint_score[row];
    sums.n += 1;
    sums.r += inverse_ratio;
    sums.rr += inverse_ratio * inverse_ratio;
    sums.t += t;
    sums.tt += t * t;
  }
  const double z_limit = 4.2;  // two-sided alpha 0.001 over 42 comparisons
  for (const auto& [slot, sums] : by_slot) {
    if (sums.n >= 1000) {
      const auto index = static_cast<std::size_t>(slot - 5);
      const double r = sums.r / sums.n;
      const double t = sums.t / sums.n;
      CHECK_NEAR(r, std::exp(-log_r[index]), 1e-5 + z_limit * std::sqrt((sums.rr / sums.n - r * r) / sums.n));
      CHECK_NEAR(t, score[index], 1e-5 + z_limit * std::sqrt((sums.tt / sums.n - t * t) / sums.n));
    }
  }
}

TEST("replay: event i is the same whatever the block") {
  const GoldBlock whole = gold(board(), request(50, -0.8, {-0.6}));
  GoldRequest asked = request(20, -0.8, {-0.6});
  asked.first = 30;
  const GoldBlock part = gold(board(), asked);
  for (std::size_t row = 0; row < 20; ++row) {
    CHECK(part.x[row] == whole.x[row + 30]);
    CHECK(part.joint_log_ratio[row] == whole.joint_log_ratio[row + 30]);
    CHECK(part.joint_score[row] == whole.joint_score[row + 30]);
  }
}

TEST("replay: traces add up to the joint log-ratio and carry site, parameters and order") {
  const GoldBlock block = gold(board(), request(30, -0.8, {-0.6, -0.5}, Keep::traces));
  const TraceBlock& traces = block.traces;
  CHECK(traces.offsets.size() == 31 && traces.offsets.back() == 600);
  CHECK(traces.log_prob.size() == 1800 && traces.parameters.size() == 600 && traces.parameter_offsets.back() == 600);
  CHECK(traces.sites.size() == 1 && traces.sites[0].family == Bernoulli<double>::id);
  CHECK(traces.sites[0].address.find("board.hpp:fall:") != std::string::npos);
  for (std::size_t row = 0; row < 30; ++row) {
    for (std::size_t k = 0; k < 2; ++k) {
      double sum = 0;
      for (std::size_t j = traces.offsets[row]; j < traces.offsets[row + 1]; ++j) {
        sum += traces.log_prob[3 * j] - traces.log_prob[3 * j + 1 + k];
      }
      CHECK_NEAR(block.joint_log_ratio[2 * row + k], sum, 1e-12);
    }
  }
}

TEST("replay: simulate keeps x alone, the same x") {
  const GoldBlock mined = gold(board(), request(40, -0.8, {-0.6}));
  const GoldBlock simulated = gold(board(), request(40, -0.8, {}, Keep::simulate));
  CHECK(simulated.x == mined.x && simulated.joint_log_ratio.empty() && simulated.joint_score.empty());
}

TEST("replay: a shift of x by theta is a leak") {
  const auto model =
      one_parameter([](const Theta& theta, Draws& draws) { return theta[0] + draws.sample(Normal{0.0, 1.0}, "z"); });
  const LeakError error = leak_of(model, request(5, 0.5, {0.6}));
  CHECK(error.code() == ErrorCode::leak && error.finding().event == 0 && error.finding().address == "z");
  CHECK(error.finding().theta == std::vector<double>{0.5} && error.finding().probe == std::vector<double>{0.6});
  CHECK_NEAR(error.finding().found[0] - error.finding().expected[0], 0.1, 1e-12);
  CHECK(says(error, "draw x from Normal{theta, 1}"));
}

TEST("replay: a probe finds what near alternatives and K = 0 do not") {
  const auto model = one_parameter(
      [](const Theta& theta, Draws& draws) { return draws.sample(Uniform{0.0, 1.0}) > theta[0] ? 1.0 : 0.0; });
  GoldRequest blind = request(200, 0.5, {});
  CHECK(gold(model, blind).failures.empty());
  const LeakError error = leak_of(model, probing(200, 0.5));
  CHECK(error.code() == ErrorCode::leak && error.finding().probe[0] >= 0.1 && error.finding().probe[0] <= 0.9);
}

TEST("replay: an exponential made of a raw uniform is a leak") {
  const auto model = one_parameter(
      [](const Theta& theta, Draws& draws) { return -std::log1p(-draws.sample(Uniform{0.0, 1.0})) / theta[0]; });
  CHECK(leak_of(model, probing(1, 0.5)).code() == ErrorCode::leak);
}

TEST("replay: an engine of the model's own is hidden randomness") {
  std::mt19937 engine(1);
  const auto model = one_parameter([&engine](const Theta& theta, Draws& draws) {
    return draws.sample(Normal{theta[0], 1.0}) + static_cast<double>(engine() % 7);
  });
  const LeakError error = leak_of(model, probing(20, 0.5));
  CHECK(error.code() == ErrorCode::hidden_randomness && says(error, "an engine of the model's own"));
}

TEST("replay: a path steered by theta diverges, with more draws, fewer, or others") {
  const auto longer = one_parameter([](const Theta& theta, Draws& draws) {
    double sum = 0;
    for (int i = 0; i < static_cast<int>(10 * theta[0]); ++i) {
      sum += draws.sample(Normal{0.0, 1.0}, "step");
    }
    return sum;
  });
  CHECK(leak_of(longer, request(1, 0.55, {0.75})).code() == ErrorCode::replay_diverged);
  CHECK(leak_of(longer, request(1, 0.55, {0.25})).code() == ErrorCode::replay_diverged);
  const auto other = one_parameter([](const Theta& theta, Draws& draws) {
    return theta[0] > 0.6 ? draws.sample(Normal{0.0, 1.0}, "high") : draws.sample(Normal{0.0, 1.0}, "low");
  });
  const LeakError error = leak_of(other, request(1, 0.55, {0.75}));
  CHECK(error.code() == ErrorCode::replay_diverged && says(error, "should be low but the simulator came to high"));
}

TEST("replay: a model that catches everything cannot hide a divergence") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    try {
      if (theta[0] > 0.6) {
        draws.sample(Normal{0.0, 1.0}, "extra");
      }
      return 0 * draws.sample(Normal{0.0, 1.0}, "z");
    } catch (...) {
      return 0.0;
    }
  });
  CHECK(leak_of(model, request(1, 0.55, {0.75})).code() == ErrorCode::replay_diverged);
}

TEST("replay: impossible is +inf and no leak") {
  const auto model = one_parameter(
      [](const Theta& theta, Draws& draws) { return draws.branch(theta[0] > 0.5 ? 0.0 : 0.5) ? 1.0 : 0.0; });
  const GoldBlock block = gold(model, request(100, 0.4, {0.8}));
  for (std::size_t row = 0; row < 100; ++row) {
    CHECK_NEAR(block.joint_log_ratio[row], block.x[row] == 1 ? inf : std::log(0.5), 1e-15);
  }
}

TEST("replay: a support that moves has no score but a ratio") {
  const auto model =
      one_parameter([](const Theta& theta, Draws& draws) { return draws.sample(Uniform{0.0, theta[0]}); });
  const GoldBlock block = gold(model, request(200, 0.5, {0.25, 1.0}));
  for (std::size_t row = 0; row < 200; ++row) {
    CHECK(std::isnan(block.joint_score[row]));
    CHECK_NEAR(block.joint_log_ratio[2 * row], block.x[row] > 0.25 ? inf : std::log(0.5), 1e-12);
    CHECK_NEAR(block.joint_log_ratio[2 * row + 1], std::log(2.0), 1e-12);
  }
  const auto trials = one_parameter(
      [](const Theta& theta, Draws& draws) { return draws.sample(Binomial{std::floor(10 * theta[0]), 0.5}); });
  const GoldBlock counts = gold(trials, request(50, 0.5 - 1e-9, {}));
  CHECK(std::isnan(counts.joint_score[0]));
}

TEST("replay: NaN equals NaN, and is kept") {
  const auto model =
      one_parameter([](const Theta& theta, Draws& draws) { return draws.branch(theta[0]) ? std::nan("") : 1.0; });
  const GoldBlock block = gold(model, probing(50, 0.5));
  CHECK(block.failures.empty() && block.x.size() == 50);
}

TEST("replay: an event that throws is a failure and the others stay") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    const double z = draws.sample(Normal{theta[0], 1.0}, "z");
    if (z > 1) {
      throw std::domain_error("negative energy");
    }
    return z;
  });
  const GoldBlock block = gold(model, request(100, 0.5, {0.4}, Keep::traces));
  CHECK(!block.failures.empty() && block.failures.size() < 100);
  CHECK(block.failures[0].text.find("negative energy") != std::string::npos);
  CHECK(block.x.size() == 100 - block.failures.size() && block.joint_log_ratio.size() == block.x.size());
  CHECK(block.traces.offsets.size() == block.x.size() + 1 && block.traces.site.size() == block.x.size());
}

TEST("replay: parameters outside a family's domain are a failure with the address") {
  const auto model =
      one_parameter([](const Theta& theta, Draws& draws) { return draws.sample(Normal{0.0, theta[0]}, "width"); });
  const GoldBlock block = gold(model, request(3, -0.5, {}));
  CHECK(block.failures.size() == 3 && block.x.empty());
  CHECK(block.failures[0].text.find("The draw at width asks for Normal with parameters [0, -0.5]") == 0);
}

TEST("replay: a probe where the simulator is not defined is no probe and no failure") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    if (theta[0] > 0.8) {
      throw std::domain_error("too high");
    }
    return draws.sample(Normal{theta[0], 1.0}, "z");
  });
  const GoldBlock block = gold(model, probing(500, 0.5));
  CHECK(block.failures.empty() && block.probed > 350 && block.probed < 500);
  const GoldBlock far = gold(model, request(3, 0.5, {0.9}));
  CHECK(far.failures.size() == 3 && far.failures[0].text == "too high (on replay at theta = 0.9)");
}

TEST("replay: an exception of the model's own cannot hide a divergence") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    try {
      return theta[0] > 0.6 ? draws.sample(Normal{0.0, 1.0}, "extra") : draws.sample(Normal{0.0, 1.0}, "z");
    } catch (const std::exception&) {
      throw std::runtime_error("something went wrong");
    }
  });
  CHECK(leak_of(model, request(1, 0.55, {0.75})).code() == ErrorCode::replay_diverged);
}

TEST("replay: a pole of a density is a failure with the address") {
  const auto model = one_parameter(
      [](const Theta& theta, Draws& draws) { return draws.settle(Beta{theta[0], 1.0}, 0.0, {"pole.cpp", "draw", 1}); });
  const GoldBlock block = gold(model, request(1, 0.5, {}));
  CHECK(block.failures.size() == 1 && block.failures[0].text.find("The draw at pole.cpp:draw:1 has the value 0") == 0);
}

TEST("replay: where one component of the score does not exist, none does") {
  const auto model = [](const Theta& theta, Draws& draws) {
    return draws.sample(Uniform{0.0, theta[0]}, "u") + draws.sample(Normal{theta[1], 1.0}, "z");
  };
  GoldRequest asked = request(2, 0.5, {});
  asked.count = 1;
  const GoldBlock block = gold(Model("two", "1", model).parameter("a").parameter("b"), asked);
  CHECK(std::isnan(block.joint_score[0]) && std::isnan(block.joint_score[1]));
}

TEST("replay: requests that do not fit the model are refused before anything runs") {
  const Model model = board();
  GoldRequest asked = request(5, -0.8, {-0.6});
  asked.theta[3] = -1.5;
  CHECK(says(THROWN(Error, check(asked, model, 10)), "theta[3], which is theta = -1.5, lies outside"));
  asked = request(5, -0.8, {-0.6});
  asked.alternatives.pop_back();
  CHECK(says(THROWN(Error, check(asked, model, 10)), "alternatives"));
  asked = request(5, -0.8, {std::nan("")});
  CHECK(says(THROWN(Error, check(asked, model, 10)), "not a finite number"));
  CHECK(says(THROWN(Error, check(request(11, -0.8, {}), model, 10)), "count is 11"));
  CHECK(says(THROWN(Error, check(request(0, -0.8, {}), model, 10)), "count is 0"));
}

TEST("replay: an x of another shape than declared is a failure, theta out of range too") {
  const auto model = one_parameter([](const Theta&, Draws&) { return std::vector<double>{1, 2, 3}; }).output({2});
  CHECK(gold(model, request(1, 0.5, {})).failures[0].text.find("returned 3 numbers") != std::string::npos);
  const auto reads_two = one_parameter([](const Theta& theta, Draws&) { return theta[1]; });
  CHECK(gold(reads_two, request(1, 0.5, {})).failures[0].text.find("theta[1]") == 0);
}

TEST("replay: a million draws keep the ratio to 1e-12 of its terms") {
  constexpr int length = 1'000'000;
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    int ups = 0;
    for (int i = 0; i < length; ++i) {
      ups += draws.branch(theta[0]) ? 1 : 0;
    }
    return ups;
  });
  const GoldBlock block = gold(model, request(1, 0.5, {0.4}));
  const double ups = block.x[0];
  const double terms = ups * std::log(0.5 / 0.4) + (length - ups) * std::log(0.5 / 0.6);
  const double size = ups * std::log(0.5 / 0.4) - (length - ups) * std::log(0.5 / 0.6);
  CHECK_NEAR(block.joint_log_ratio[0], terms, 1e-12 * (1 + size));
  CHECK_NEAR(block.joint_score[0], ups / 0.5 - (length - ups) / 0.5, 1e-7 * length);
}
