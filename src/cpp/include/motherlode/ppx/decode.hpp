#pragma once

/// Read the meaning of a verified message, and refuse what FlatBuffers cannot: counts and shapes that disagree.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/ppx/frame.hpp"
#include "ppx_generated.h"

namespace motherlode::decode {

/// Copied byte by byte: the verifier lets doubles lie where only words may.
inline std::vector<double> numbers(const flatbuffers::Vector<double>* vector) {
  std::vector<double> numbers(vector == nullptr ? 0 : vector->size());
  if (!numbers.empty()) {
    std::memcpy(numbers.data(), vector->Data(), numbers.size() * sizeof(double));
  }
  for (double& number : numbers) {
    number = flatbuffers::EndianScalar(number);
  }
  return numbers;
}

/// The number of elements that a shape holds.
inline std::size_t volume(const flatbuffers::Vector<std::int32_t>& shape, const char* field) {
  constexpr std::size_t most_dimensions = 16;
  if (shape.size() > most_dimensions) {
    protocol_error(std::string(field) + ".shape has " + std::to_string(shape.size()) + " dimensions.");
  }
  std::size_t size = 1;
  for (flatbuffers::uoffset_t i = 0; i < shape.size(); ++i) {
    const std::int32_t extent = shape.Get(i);
    if (extent < 0 || size > max_message_size) {
      protocol_error(std::string(field) + ".shape is negative or too large.");
    }
    size *= static_cast<std::size_t>(extent);
  }
  return size;
}

/// The data of a tensor whose shape agrees with it.
inline std::vector<double> tensor(const ppx::Tensor* tensor, const char* field) {
  if (tensor == nullptr || tensor->data() == nullptr) {
    protocol_error(std::string(field) + " holds no tensor with data.");
  }
  const bool has_shape = tensor->shape() != nullptr;
  const std::size_t wanted = has_shape ? volume(*tensor->shape(), field) : tensor->data()->size();
  if (tensor->data()->size() != wanted) {
    protocol_error(std::string(field) + " holds " + std::to_string(tensor->data()->size()) +
                   " numbers, but its shape " + std::to_string(wanted) + ".");
  }
  return numbers(tensor->data());
}

/// The one number of a tensor.
inline double scalar(const ppx::Tensor* wire, const char* field) {
  const std::vector<double> values = tensor(wire, field);
  if (values.size() != 1) {
    protocol_error(std::string(field) + " holds " + std::to_string(values.size()) + " numbers where one is needed.");
  }
  return values.front();
}

inline GoldRequest request(const ppx::GoldRun& run) {
  if (run.record() < ppx::Recorded::MIN || run.record() > ppx::Recorded::MAX) {
    protocol_error("GoldRun.record is " + std::to_string(static_cast<int>(run.record())) + ".");
  }
  GoldRequest request;
  request.keep = static_cast<Keep>(run.record());
  request.seed = run.seed();
  request.first = run.first();
  request.count = run.count();
  request.theta = numbers(run.theta());
  request.alternatives = numbers(run.alternatives());
  request.steps = numbers(run.steps());
  request.probe_low = numbers(run.probe_low());
  request.probe_high = numbers(run.probe_high());
  request.probe_events = run.probe_events();
  request.probe_every = run.probe_every();
  return request;
}

}  // namespace motherlode::decode
