#pragma once

/// Serve over a network to known clients only: CURVE keys as `motherlode keys DIR` writes them.
///
/// MOTHERLODE_KEYS names the folder DIR/server: server.public, server.secret, and clients/*.public for those who
/// are admitted; each file holds one key as 40 characters of Z85. Keys are for tcp; an ipc folder is private anyway.

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <zmq.hpp>

#include "motherlode/errors.hpp"
#include "motherlode/ppx/endpoint.hpp"

namespace motherlode {

/// Who we are, and whom we admit; all keys in Z85.
struct ServerKeys {
  std::string public_key;
  std::string secret_key;
  std::set<std::string> clients;
};

inline std::string read_key(const std::filesystem::path& path) {
  constexpr std::size_t length = 40;
  std::string key;
  std::ifstream file(path);
  file >> key;
  if (key.size() != length) {
    throw Error(ErrorCode::bad_request, "The file " + path.string() +
                                            " holds no key of 40 characters. Without keys nobody is served over a "
                                            "network. Make them with `motherlode keys DIR` and set MOTHERLODE_KEYS to "
                                            "DIR/server.");
  }
  return key;
}

/// The keys for this endpoint, if it is a tcp one and MOTHERLODE_KEYS is set.
inline std::optional<ServerKeys> keys_for(const std::string& endpoint) {
  const char* folder = std::getenv("MOTHERLODE_KEYS");
  if (folder == nullptr || !starts_with(endpoint, "tcp://")) {
    return std::nullopt;
  }
  const std::filesystem::path place(folder);
  ServerKeys keys{read_key(place / "server.public"), read_key(place / "server.secret"), {}};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(place / "clients", ignored)) {
    if (entry.path().extension() == ".public") {
      keys.clients.insert(read_key(entry.path()));
    }
  }
  return keys;
}

/// Answers libzmq when it asks who may connect (the ZeroMQ authentication protocol, RFC 27), in a thread of its own.
class Gatekeeper {
 public:
  Gatekeeper(zmq::context_t& context, std::set<std::string> clients)
      : clients_(std::move(clients)), socket_(context, zmq::socket_type::rep) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
    thread_ = std::thread([this] { serve(); });
  }
  ~Gatekeeper() {
    stopping_ = true;
    thread_.join();
  }
  Gatekeeper(const Gatekeeper&) = delete;
  Gatekeeper& operator=(const Gatekeeper&) = delete;

 private:
  using Parts = std::vector<std::string>;

  void serve() {
    constexpr std::chrono::milliseconds interval{100};
    zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    while (!stopping_) {
      if (zmq::poll(&item, 1, interval) > 0) {
        answer(receive());
      }
    }
  }

  Parts receive() {
    Parts parts;
    zmq::message_t part;
    do {
      if (!socket_.recv(part)) {
        break;
      }
      parts.push_back(part.to_string());
    } while (part.more());
    return parts;
  }

  /// The request: version, id, domain, address, identity, mechanism, and the key as 32 bytes.
  void answer(const Parts& request) {
    const bool is_request = request.size() == 7 && request[5] == "CURVE" && request[6].size() == 32;
    const bool admitted = is_request && clients_.count(z85(request[6])) == 1;
    const std::string id = request.size() > 1 ? request[1] : "";
    const Parts reply{"1.0", id, admitted ? "200" : "400", admitted ? "OK" : "this key is not admitted", "", ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
      socket_.send(zmq::buffer(reply[i]), i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }

  static std::string z85(const std::string& key) {
    char text[41];
    zmq_z85_encode(text, reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
    return text;
  }

  std::set<std::string> clients_;
  zmq::socket_t socket_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace motherlode
