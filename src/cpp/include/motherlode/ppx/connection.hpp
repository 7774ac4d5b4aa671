#pragma once

/// One socket, one client at a time.
///
/// A ROUTER speaks to REQ and DEALER peers as REP would, and knows who is who: a second client is told that we
/// are busy and can never answer the draws of another client's run.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <zmq.hpp>

#include "motherlode/errors.hpp"
#include "motherlode/ppx/encode.hpp"
#include "motherlode/ppx/endpoint.hpp"
#include "motherlode/ppx/frame.hpp"
#include "motherlode/ppx/keys.hpp"
#include "motherlode/ppx/termination.hpp"

namespace motherlode {

/// Thrown through a model to end a lockstep run that nobody waits for; no std::exception, as Stopped.
struct Abandoned {};

class Connection {
 public:
  /// How long a client in the middle of a run may be silent before another may take its place.
  static constexpr std::chrono::seconds patience{30};

  explicit Connection(const std::string& endpoint) : keys_(keys_for(endpoint)), file_(endpoint, keys_.has_value()) {
    socket_.set(zmq::sockopt::linger, 1000);
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(max_message_size));
    if (keys_) {
      lock();
    }
    try {
      socket_.bind(endpoint);
    } catch (const zmq::error_t& error) {
      throw Error(ErrorCode::bad_request, "The endpoint " + endpoint + " cannot be bound: " + error.what() +
                                              ". No client could reach this simulator. Choose another endpoint, such "
                                              "as ipc:///tmp/NAME or tcp://127.0.0.1:PORT.");
    }
  }

  /// Wait for a request from whoever comes next.
  const ppx::Message& request() {
    if (!waiting_) {
      wait();
    }
    waiting_ = false;
    client_ = envelope_;
    return frame_.read(body_.data(), body_.size());
  }

  /// Send what was built to the client and wait for its answer.
  const ppx::Message& exchange() {
    reply();
    const auto sent = Clock::now();
    for (;;) {
      wait();
      if (envelope_ == client_) {
        return frame_.read(body_.data(), body_.size());
      }
      if (Clock::now() - sent > patience) {
        waiting_ = true;
        throw Abandoned();
      }
      encode::error(fresh(), ErrorCode::busy,
                    "Another client is in the middle of a run, and runs must not mix. "
                    "Wait until it has ended, or start a simulator of your own.");
      send(envelope_);
    }
  }

  /// Send what was built to the client.
  void reply() { send(client_); }

  /// An empty builder for the next message.
  encode::Builder& fresh() {
    builder_.Clear();
    return builder_;
  }

  /// Throw Stopped when it is time to go. Asking the kernel takes as long as a short event, so look now and then.
  void check_termination() {
    constexpr std::chrono::milliseconds interval{10};
    if (const auto now = Clock::now(); now >= next_look_) {
      next_look_ = now + interval;
      stop_if_requested();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Envelope = std::vector<std::string>;

  /// Talk to admitted clients only.
  void lock() {
    gate_.emplace(context_, keys_->clients);
    socket_.set(zmq::sockopt::curve_server, true);
    socket_.set(zmq::sockopt::curve_publickey, keys_->public_key);
    socket_.set(zmq::sockopt::curve_secretkey, keys_->secret_key);
  }

  /// Wait for a whole message; what has no empty delimiter is no request and is dropped, as REP drops it.
  void wait() {
    do {
      await_input();
    } while (!receive());
  }

  void stop_if_requested() const {
    if (termination_.requested()) {
      throw Stopped();
    }
  }

  void await_input() {
    constexpr std::chrono::milliseconds interval{200};
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    for (;;) {
      stop_if_requested();
      try {
        if (zmq::poll(&item, 1, interval) > 0) {
          return;
        }
      } catch (const zmq::error_t& error) {
        if (error.num() != EINTR) {
          throw;
        }
      }
    }
  }

  bool receive() {
    envelope_.clear();
    bool delimited = false;
    bool more = true;
    while (more) {
      if (!socket_.recv(body_, zmq::recv_flags::dontwait)) {
        return false;
      }
      more = body_.more();
      if (more && !delimited) {
        delimited = body_.size() == 0;
        envelope_.push_back(body_.to_string());
      }
    }
    return delimited;
  }

  void send(const Envelope& envelope) {
    for (const std::string& part : envelope) {
      socket_.send(zmq::buffer(part), zmq::send_flags::sndmore);
    }
    socket_.send(zmq::buffer(builder_.GetBufferPointer(), builder_.GetSize()), zmq::send_flags::none);
  }

  Termination termination_;
  std::optional<ServerKeys> keys_;
  SocketFile file_;
  zmq::context_t context_{1};
  std::optional<Gatekeeper> gate_;
  zmq::socket_t socket_{context_, zmq::socket_type::router};
  encode::Builder builder_{1024};
  Frame frame_;
  Envelope client_;
  Envelope envelope_;
  zmq::message_t body_;
  bool waiting_ = false;
  Clock::time_point next_look_{};
};

}  // namespace motherlode
