#pragma once

/// Take a frame from a peer: copied to aligned memory and verified before anything is read.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "motherlode/errors.hpp"
#include "ppx_generated.h"

namespace motherlode {

/// What we accept and what we send, in one frame.
inline constexpr std::size_t max_message_size = std::size_t{1} << 28;
inline constexpr std::uint32_t max_events = 1'000'000;

[[noreturn]] inline void protocol_error(const std::string& what) {
  throw Error(ErrorCode::protocol,
              what + " It cannot be answered in the sense of PPX. See protocols/PPX.md for who may send what, when.");
}

/// Owns the bytes of the message it was last given.
class Frame {
 public:
  /// Return the message in these bytes, with or without the identifier "PPXF".
  const ppx::Message& read(const void* data, std::size_t size) {
    constexpr std::size_t smallest = 8;
    if (size < smallest || size > max_message_size) {
      protocol_error("A frame of " + std::to_string(size) + " bytes was received.");
    }
    words_.resize((size + sizeof(Word) - 1) / sizeof(Word));
    std::memcpy(words_.data(), data, size);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(words_.data());
    constexpr flatbuffers::uoffset_t max_depth = 16;
    constexpr flatbuffers::uoffset_t max_tables = 4'000'000;
    flatbuffers::Verifier verifier(bytes, size, max_depth, max_tables);
    if (!verifier.VerifyBuffer<ppx::Message>(nullptr)) {
      protocol_error("A frame of " + std::to_string(size) + " bytes was received that is no PPX message.");
    }
    const auto* message = flatbuffers::GetRoot<ppx::Message>(bytes);
    if (message->body() == nullptr) {
      protocol_error("A message without a body was received.");
    }
    return *message;
  }

 private:
  using Word = std::uint64_t;
  std::vector<Word> words_;
};

}  // namespace motherlode
