#pragma once

/// What answers a draw when somebody else holds the randomness: the other side of a lockstep PPX session.

#include <string>
#include <variant>
#include <vector>

#include "motherlode/families.hpp"
#include "motherlode/sites.hpp"

namespace motherlode {

/// A family in double, whichever it is.
using AnyFamily =
    std::variant<Normal<double>, Uniform<double>, Categorical<double>, Poisson<double>, Bernoulli<double>, Beta<double>,
                 Exponential<double>, Gamma<double>, LogNormal<double>, Binomial<double>, Weibull<double>>;

class Remote {
 public:
  virtual ~Remote() = default;

  virtual double sample(const Site& site, const AnyFamily& family) = 0;
  virtual void observe(const Site& site, const AnyFamily& family, double value) = 0;
  virtual void tag(const Site& site, double value) = 0;
};

}  // namespace motherlode
