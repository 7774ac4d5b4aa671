#pragma once

/// Refuse endpoints that cannot work or would let strangers in.

#include <string>

#include "motherlode/errors.hpp"

namespace motherlode {

inline bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

inline void check_endpoint(const std::string& endpoint) {
  constexpr std::size_t longest_path = 107;
  const std::string ipc = "ipc://";
  if (starts_with(endpoint, ipc) && endpoint.size() - ipc.size() > longest_path) {
    throw Error(ErrorCode::bad_request, "The endpoint " + endpoint + " holds a path of " +
                                            std::to_string(endpoint.size() - ipc.size()) +
                                            " bytes; sockets allow 107. Choose a shorter folder, such as /tmp.");
  }
  const bool is_local = starts_with(endpoint, "tcp://127.0.0.1:") || starts_with(endpoint, "tcp://localhost:") ||
                        starts_with(endpoint, "tcp://[::1]:");
  if (starts_with(endpoint, "tcp://") && !is_local) {
    throw Error(ErrorCode::unsupported, "The endpoint " + endpoint +
                                            " would let anyone on the network run this simulator. "
                                            "Serve on tcp://127.0.0.1:PORT and reach it through an ssh tunnel.");
  }
}

}  // namespace motherlode
