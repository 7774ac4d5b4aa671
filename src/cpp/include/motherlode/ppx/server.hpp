#pragma once

/// Serve a model to PPX clients: lockstep runs for any of them, gold runs for those who know the extension.

#include <chrono>
#include <cmath>
#include <exception>
#include <string>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/mine.hpp"
#include "motherlode/model.hpp"
#include "motherlode/ppx/connection.hpp"
#include "motherlode/ppx/decode.hpp"
#include "motherlode/ppx/encode.hpp"
#include "motherlode/ppx/lockstep.hpp"

namespace motherlode {

class Server {
 public:
  Server(const Model& model, const std::string& endpoint) : model_(model), connection_(endpoint) {}

  /// Answer requests until told to stop. No request is fatal: what cannot be done is answered with an Error.
  void run() {
    for (;;) {
      try {
        answer(connection_.request());
      } catch (const Stopped&) {
        return;
      } catch (const Abandoned&) {
        continue;
      } catch (const LeakError& error) {
        refuse(error.code(), error.what(), error.finding());
      } catch (const Error& error) {
        refuse(error.code(), error.what());
      } catch (const std::exception& error) {
        refuse(ErrorCode::simulator_failed, failed(error.what()));
      } catch (...) {
        refuse(ErrorCode::simulator_failed, failed("something that is no std::exception"));
      }
    }
  }

 private:
  void answer(const ppx::Message& message) {
    switch (message.body_type()) {
      case ppx::MessageBody::Handshake:
        encode::handshake_result(connection_.fresh(), model_);
        break;
      case ppx::MessageBody::Run:
        run(*message.body_as_Run());
        break;
      case ppx::MessageBody::Reset:
        encode::reset(connection_.fresh());
        break;
      default:
        protocol_error(std::string("A ") + ppx::EnumNameMessageBody(message.body_type()) +
                       " was received while no run is under way.");
    }
    connection_.reply();
  }

  void run(const ppx::Run& run) {
    if (run.gold() != nullptr) {
      gold(*run.gold());
    } else {
      lockstep();
    }
  }

  void gold(const ppx::GoldRun& run) {
    const GoldRequest request = decode::request(run);
    check(request, model_, max_events);
    const GoldBlock block = mine(model_, request, [this] { connection_.check_termination(); });
    encode::block(connection_.fresh(), model_, block, request.keep);
  }

  void lockstep() {
    Lockstep client(connection_);
    Draws draws;
    draws.answer_from(&client);
    const std::vector<double> theta = ask_parameters(client);
    std::vector<double> x;
    model_(Theta(theta), draws, x);
    encode::run_result(connection_.fresh(), model_, x);
  }

  /// A plain client gives theta as it gives every other draw: one Sample for each declared parameter.
  std::vector<double> ask_parameters(Lockstep& client) const {
    std::vector<double> theta;
    for (const Parameter& parameter : model_.parameters()) {
      if (!std::isfinite(parameter.low) || !std::isfinite(parameter.high)) {
        throw Error(ErrorCode::unsupported,
                    "Parameter " + parameter.name +
                        " has no finite bounds. A plain PPX client needs a distribution "
                        "for it, and none is declared. Give Model::parameter bounds, or use a client with gold runs.");
      }
      theta.push_back(client.sample({parameter.name, parameter.name, Uniform<double>::id, false},
                                    Uniform<double>{parameter.low, parameter.high}));
    }
    return theta;
  }

  void refuse(ErrorCode code, const std::string& text, const Finding& facts = {}) {
    encode::error(connection_.fresh(), code, text, facts);
    connection_.reply();
  }

  static std::string failed(const std::string& what) {
    return "The model failed: " + what + ". This run has no x. Run the model alone at this theta to see why.";
  }

  const Model& model_;
  Connection connection_;
};

/// Bind the endpoint and serve until SIGTERM, SIGINT or, for a program owned through MOTHERLODE_ENDPOINT, the end
/// of its parent.
inline void serve(const Model& model, const std::string& endpoint) { Server(model, endpoint).run(); }

}  // namespace motherlode
