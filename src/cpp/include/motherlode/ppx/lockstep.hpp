#pragma once

/// Plain PPX 1.0.0: the client answers every draw of a run.

#include <string>

#include "motherlode/ppx/connection.hpp"
#include "motherlode/ppx/decode.hpp"
#include "motherlode/ppx/encode.hpp"
#include "motherlode/remote.hpp"

namespace motherlode {

class Lockstep : public Remote {
 public:
  explicit Lockstep(Connection& connection) : connection_(connection) {}

  double sample(const Site& site, const AnyFamily& family) override {
    check_wanted();
    encode::sample(connection_.fresh(), site, family);
    const auto& result = *answer(ppx::MessageBody::SampleResult).body_as_SampleResult();
    return decode::scalar(result.result(), "SampleResult.result");
  }

  void observe(const Site& site, const AnyFamily& family, double value) override {
    check_wanted();
    encode::observe(connection_.fresh(), site, family, value);
    answer(ppx::MessageBody::ObserveResult);
  }

  void tag(const Site& site, double value) override {
    check_wanted();
    encode::tag(connection_.fresh(), site, value);
    answer(ppx::MessageBody::TagResult);
  }

 private:
  /// Once abandoned a run stays so, also when the model catches everything.
  void check_wanted() const {
    if (abandoned_) {
      throw Abandoned();
    }
  }

  const ppx::Message& answer(ppx::MessageBody expected) {
    abandoned_ = true;
    const ppx::Message& message = connection_.exchange();
    if (message.body_type() == ppx::MessageBody::Reset) {
      encode::reset(connection_.fresh());
      connection_.reply();
      throw Abandoned();
    }
    if (message.body_type() != expected) {
      protocol_error(std::string("A ") + ppx::EnumNameMessageBody(message.body_type()) + " was received where " +
                     ppx::EnumNameMessageBody(expected) + " is due.");
    }
    abandoned_ = false;
    return message;
  }

  Connection& connection_;
  bool abandoned_ = false;
};

}  // namespace motherlode
