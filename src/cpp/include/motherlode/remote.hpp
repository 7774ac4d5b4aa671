#pragma once

/// What answers a draw when somebody else holds the randomness: the other side of a lockstep PPX session.

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "motherlode/families.hpp"
#include "motherlode/sites.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A family in double, whichever it is: its number and its parameters.
struct AnyFamily {
  FamilyId id;
  std::vector<double> parameters;
  /// Whether the numbers are one parameter, a vector.
  bool is_vector;

  template <class F>
  AnyFamily(const F& family) : AnyFamily(F::id, family.parameters()) {}

 private:
  AnyFamily(FamilyId known, const std::vector<double>& vector) : id(known), parameters(vector), is_vector(true) {}
  template <std::size_t Count>
  AnyFamily(FamilyId known, const std::array<double, Count>& numbers)
      : id(known), parameters(numbers.begin(), numbers.end()), is_vector(false) {}
};

class Remote {
 public:
  virtual ~Remote() = default;

  virtual double sample(const Site& site, const AnyFamily& family) = 0;
  virtual void observe(const Site& site, const AnyFamily& family, double value) = 0;
  virtual void tag(const Site& site, double value) = 0;
};

}  // namespace motherlode
