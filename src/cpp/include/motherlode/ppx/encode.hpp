#pragma once

/// Write each message that a simulator sends.

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/model.hpp"
#include "motherlode/ppx/frame.hpp"
#include "motherlode/remote.hpp"
#include "motherlode/version.hpp"
#include "ppx_generated.h"

namespace motherlode::encode {

using Builder = flatbuffers::FlatBufferBuilder;
using TensorOffset = flatbuffers::Offset<ppx::Tensor>;

template <class Body>
void finish(Builder& builder, flatbuffers::Offset<Body> body) {
  ppx::FinishMessageBuffer(builder,
                           ppx::CreateMessage(builder, ppx::MessageBodyTraits<Body>::enum_value, body.Union()));
}

/// Texts of models may be long; a frame of failures must stay small.
inline std::string shortened(const std::string& text) {
  constexpr std::size_t longest = 2000;
  return text.size() <= longest ? text : text.substr(0, longest) + " ...";
}

/// A tensor always has data and shape: stock peers read both.
inline TensorOffset tensor(Builder& builder, const std::vector<double>& data, const std::vector<std::int32_t>& shape) {
  return ppx::CreateTensorDirect(builder, &data, &shape);
}

inline TensorOffset scalar(Builder& builder, double value) { return tensor(builder, {value}, {}); }

/// All families are tables of tensors in the order of their parameters, so one function writes them.
inline flatbuffers::Offset<void> distribution(Builder& builder, const AnyFamily& family) {
  std::vector<TensorOffset> tensors;
  if (family.is_vector) {
    tensors.push_back(tensor(builder, family.parameters, {static_cast<std::int32_t>(family.parameters.size())}));
  } else {
    for (const double parameter : family.parameters) {
      tensors.push_back(scalar(builder, parameter));
    }
  }
  const auto start = builder.StartTable();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    builder.AddOffset(flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(i)), tensors[i]);
  }
  return flatbuffers::Offset<void>(builder.EndTable(start));
}

inline ppx::Distribution distribution_type(const AnyFamily& family) {
  return static_cast<ppx::Distribution>(family.id.number);
}

inline void sample(Builder& builder, const Site& site, const AnyFamily& family) {
  const auto table = distribution(builder, family);
  const auto address = builder.CreateString(site.address);
  const auto name = builder.CreateString(site.name);
  finish(builder, ppx::CreateSample(builder, address, name, distribution_type(family), table));
}

inline void observe(Builder& builder, const Site& site, const AnyFamily& family, double value) {
  const auto table = distribution(builder, family);
  const auto address = builder.CreateString(site.address);
  const auto name = builder.CreateString(site.name);
  const auto data = scalar(builder, value);
  finish(builder, ppx::CreateObserve(builder, address, name, distribution_type(family), table, data));
}

inline void tag(Builder& builder, const Site& site, double value) {
  const auto data = scalar(builder, value);
  finish(builder, ppx::CreateTagDirect(builder, site.address.c_str(), site.name.c_str(), data));
}

inline void reset(Builder& builder) { finish(builder, ppx::CreateReset(builder)); }

inline void error(Builder& builder, ErrorCode code, const std::string& text, const Finding& facts = {}) {
  const std::string words = shortened(text);
  finish(builder,
         ppx::CreateErrorDirect(builder, static_cast<ppx::ErrorCode>(code), words.c_str(), facts.event,
                                facts.address.c_str(), &facts.theta, &facts.probe, &facts.expected, &facts.found));
}

/// The result of a lockstep run.
inline void run_result(Builder& builder, const Model& model, const std::vector<double>& x) {
  const std::vector<std::int32_t> shape(model.shape().begin(), model.shape().end());
  finish(builder, ppx::CreateRunResult(builder, tensor(builder, x, shape)));
}

inline std::vector<std::pair<double, double>> bounds(const Model& model) {
  std::vector<std::pair<double, double>> all;
  bool declared = false;
  for (const Parameter& parameter : model.parameters()) {
    all.emplace_back(parameter.low, parameter.high);
    declared = declared || std::isfinite(parameter.low) || std::isfinite(parameter.high);
  }
  return declared ? all : std::vector<std::pair<double, double>>();
}

inline void handshake_result(Builder& builder, const Model& model) {
  std::vector<std::string> names;
  for (const Parameter& parameter : model.parameters()) {
    names.push_back(parameter.name);
  }
  std::vector<double> low;
  std::vector<double> high;
  for (const auto& [lower, upper] : bounds(model)) {
    low.push_back(lower);
    high.push_back(upper);
  }
  const auto simulator = ppx::CreateSimulator(
      builder, builder.CreateVectorOfStrings(std::vector<std::string>{"gold/1"}), builder.CreateString(model.version()),
      builder.CreateVectorOfStrings(names), builder.CreateVector(low), builder.CreateVector(high),
      model.tangents() ? ppx::Tier::Tangent : ppx::Tier::Replay, max_events, max_message_size);
  const std::string system = std::string("motherlode C++ ") + version;
  finish(builder, ppx::CreateHandshakeResultDirect(builder, system.c_str(), model.name().c_str(), simulator));
}

inline flatbuffers::Offset<ppx::TraceBlock> traces(Builder& builder, const TraceBlock& block) {
  std::vector<flatbuffers::Offset<ppx::Site>> sites;
  for (const Site& site : block.sites) {
    sites.push_back(
        ppx::CreateSiteDirect(builder, site.address.c_str(), site.name.c_str(), site.family.name, site.observed));
  }
  return ppx::CreateTraceBlockDirect(builder, &sites, &block.offsets, &block.site, &block.value,
                                     &block.parameter_offsets, &block.parameters, &block.log_prob);
}

/// Refuse a block too large for one frame, with the remedy.
inline void check_size(const GoldBlock& block) {
  const TraceBlock& traces = block.traces;
  const std::size_t numbers = block.x.size() + block.joint_log_ratio.size() + block.joint_score.size() +
                              traces.offsets.size() + traces.site.size() + traces.value.size() +
                              traces.parameter_offsets.size() + traces.parameters.size() + traces.log_prob.size();
  if (numbers * sizeof(double) > max_message_size) {
    throw Error(ErrorCode::unsupported, "A block of " + std::to_string(block.count) + " events takes " +
                                            std::to_string(numbers * sizeof(double)) + " bytes, more than the " +
                                            std::to_string(max_message_size) +
                                            " of one message. It was not sent. Ask for fewer events at a time.");
  }
}

inline void block(Builder& builder, const Model& model, const GoldBlock& block, Keep keep) {
  check_size(block);
  std::vector<flatbuffers::Offset<ppx::Failure>> failures;
  for (const Failure& failure : block.failures) {
    failures.push_back(ppx::CreateFailureDirect(builder, failure.event, shortened(failure.text).c_str()));
  }
  const flatbuffers::Offset<ppx::TraceBlock> no_traces = 0;
  const auto trace_block = keep == Keep::traces ? traces(builder, block.traces) : no_traces;
  const auto gold = ppx::CreateGoldBlockDirect(builder, block.first, block.count, &model.shape(), &block.x,
                                               &block.joint_log_ratio, &block.joint_score, block.draws, block.probed,
                                               block.score_discrepancy, &failures, trace_block, block.diverted);
  finish(builder, ppx::CreateRunResult(builder, 0, gold));
}

}  // namespace motherlode::encode
