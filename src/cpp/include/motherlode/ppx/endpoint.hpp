#pragma once

/// Refuse endpoints that cannot work or would let strangers in; leave no socket file behind.

#include <algorithm>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "motherlode/errors.hpp"

namespace motherlode {

inline bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

/// The path of an ipc endpoint that has a file; empty for any other.
inline std::string socket_path(const std::string& endpoint) {
  const std::string ipc = "ipc://";
  const bool has_file = starts_with(endpoint, ipc) && !starts_with(endpoint, ipc + "@") && endpoint != ipc + "*";
  return has_file ? endpoint.substr(ipc.size()) : "";
}

/// Whether some process accepts connections on this path (libzmq would take the path away from it).
inline bool is_served(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  const int probe = socket(AF_UNIX, SOCK_STREAM, 0);
  const bool served = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return served;
}

/// Throw unless the endpoint can be bound and reaches only those who may come: `locked` says that keys are asked for.
inline void check_endpoint(const std::string& endpoint, bool locked = false) {
  constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;
  const std::string path = socket_path(endpoint);
  if (path.size() > longest_path) {
    throw Error(ErrorCode::bad_request, "The endpoint " + endpoint + " holds a path of " + std::to_string(path.size()) +
                                            " bytes; sockets allow " + std::to_string(longest_path) +
                                            ". Choose a shorter folder, such as /tmp.");
  }
  if (!path.empty() && is_served(path)) {
    throw Error(ErrorCode::busy, "The endpoint " + endpoint +
                                     " is served by another process, which would lose its clients. "
                                     "Choose another path, or end that process.");
  }
  const bool is_local = starts_with(endpoint, "tcp://127.0.0.1:") || starts_with(endpoint, "tcp://localhost:") ||
                        starts_with(endpoint, "tcp://[::1]:");
  if (starts_with(endpoint, "tcp://") && !is_local && !locked) {
    throw Error(ErrorCode::unsupported,
                "The endpoint " + endpoint +
                    " would let anyone on the network run this simulator. "
                    "Make keys with `motherlode keys DIR` and set MOTHERLODE_KEYS to DIR/server, "
                    "or serve on tcp://127.0.0.1:PORT and reach it through an ssh tunnel.");
  }
}

/// Removes the file of an ipc endpoint when the server ends, and the folder that an owner made for it: a killed owner
/// cannot.
class SocketFile {
 public:
  explicit SocketFile(const std::string& endpoint, bool locked = false) : path_(socket_path(endpoint)) {
    check_endpoint(endpoint, locked);
  }
  ~SocketFile() {
    if (path_.empty()) {
      return;
    }
    unlink(path_.c_str());
    const std::string folder = path_.substr(0, path_.rfind('/') + 1);
    const bool made_for_it = folder.find("/motherlode-") != std::string::npos && path_ == folder + "s";
    if (made_for_it && std::getenv("MOTHERLODE_ENDPOINT") != nullptr) {
      rmdir(folder.c_str());
    }
  }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

 private:
  std::string path_;
};

}  // namespace motherlode
