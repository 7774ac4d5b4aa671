#pragma once

/// The parameters of one run, as the model sees them.

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] motherlode {

/// A view of D parameters in their declared order. `Real` is double, or a tracked number.
template <class Real>
class BasicTheta {
 public:
  BasicTheta(const Real* data, std::size_t size) : data_(data), size_(size) {}
  explicit BasicTheta(const std::vector<Real>& values) : BasicTheta(values.data(), values.size()) {}

  const Real& operator[](std::size_t index) const {
    if (index >= size_) {
      throw std::out_of_range("theta[" + std::to_string(index) + "] was asked for, but the model declares " +
                              std::to_string(size_) + " parameters. Declare it with Model::parameter.");
    }
    return data_[index];
  }
  std::size_t size() const { return size_; }
  const Real* begin() const { return data_; }
  const Real* end() const { return data_ + size_; }

 private:
  const Real* data_;
  std::size_t size_;
};

using Theta = BasicTheta<double>;

}  // namespace motherlode
