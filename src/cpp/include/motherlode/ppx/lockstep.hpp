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
    double value = 0;
    exchange(ppx::MessageBody::SampleResult, [&value](const ppx::Message& answer) {
      value = decode::scalar(answer.body_as_SampleResult()->result(), "SampleResult.result");
    });
    return value;
  }

  void observe(const Site& site, const AnyFamily& family, double value) override {
    check_wanted();
    encode::observe(connection_.fresh(), site, family, value);
    exchange(ppx::MessageBody::ObserveResult, [](const ppx::Message&) {});
  }

  void tag(const Site& site, double value) override {
    check_wanted();
    encode::tag(connection_.fresh(), site, value);
    exchange(ppx::MessageBody::TagResult, [](const ppx::Message&) {});
  }

 private:
  /// Once abandoned a run stays so, also when the model catches everything.
  void check_wanted() const {
    if (abandoned_) {
      throw Abandoned();
    }
  }

  /// Send what was built and read the answer. Any other answer is refused at once and ends the run: what is
  /// thrown here passes through the model, and must not be mistaken for an exception of its own.
  template <class Read>
  void exchange(ppx::MessageBody expected, Read read) {
    abandoned_ = true;
    try {
      const ppx::Message& answer = connection_.exchange();
      if (answer.body_type() == ppx::MessageBody::Reset) {
        encode::reset(connection_.fresh());
        connection_.reply();
        throw Abandoned();
      }
      check(answer.body_type(), expected);
      read(answer);
    } catch (const Error& error) {
      encode::error(connection_.fresh(), error.code(), error.what());
      connection_.reply();
      throw Abandoned();
    }
    abandoned_ = false;
  }

  static void check(ppx::MessageBody found, ppx::MessageBody expected) {
    if (found != expected) {
      protocol_error(std::string("A ") + ppx::EnumNameMessageBody(found) + " was received where " +
                     ppx::EnumNameMessageBody(expected) + " is due.");
    }
  }

  Connection& connection_;
  bool abandoned_ = false;
};

}  // namespace motherlode
