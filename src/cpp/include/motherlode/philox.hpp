#pragma once

/// Philox4x64-10, the counter-based engine: event i of a campaign has its own stream, whoever runs it.
///
/// Bit for bit `numpy.random.Philox(key=[seed, stream], counter=[0, thread, event, 0])`.
/// Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011).

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace [[gnu::visibility("default")]] motherlode {

class Philox {
 public:
  using result_type = std::uint64_t;

  Philox() : Philox(0, 0, 0) {}

  Philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t event, std::uint64_t thread = 0)
      : key_{seed, stream}, counter_{0, thread, event, 0} {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()() {
    if (used_ == block_.size()) {
      refill();
    }
    return block_[used_++];
  }

  /// The next 32 bits: the lower half of a word, then its upper half, as numpy hands them out.
  std::uint32_t next32() {
    if (has_half_) {
      has_half_ = false;
      return half_;
    }
    const result_type word = (*this)();
    half_ = static_cast<std::uint32_t>(word >> 32);
    has_half_ = true;
    return static_cast<std::uint32_t>(word);
  }

  /// Skip so many words.
  void discard(unsigned long long count) {
    const std::size_t rest = block_.size() - used_;
    if (count <= rest) {
      used_ += static_cast<std::size_t>(count);
      return;
    }
    count -= rest;
    used_ = block_.size();
    const result_type blocks = count / block_.size();
    counter_[0] += blocks;
    for (std::size_t i = 1; i < counter_.size() && counter_[i - 1] < (i == 1 ? blocks : 1); ++i) {
      ++counter_[i];
    }
    for (count %= block_.size(); count > 0; --count) {
      (*this)();
    }
  }

  /// A double in [0, 1): the upper 53 bits, times 2^-53.
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

 private:
  using Block = std::array<std::uint64_t, 4>;
  __extension__ using Wide = unsigned __int128;

  /// numpy steps the counter before it makes a block, so its first block is number 1.
  void refill() {
    for (auto& word : counter_) {
      if (++word != 0) {
        break;
      }
    }
    block_ = encrypt(counter_, key_);
    used_ = 0;
  }

  static Block encrypt(Block block, std::array<std::uint64_t, 2> key) {
    constexpr int rounds = 10;
    for (int i = 0; i < rounds; ++i) {
      const Wide even = Wide{0xD2E7470EE14C6C93} * block[0];
      const Wide odd = Wide{0xCA5A826395121157} * block[2];
      block = {upper(odd) ^ block[1] ^ key[0], lower(odd), upper(even) ^ block[3] ^ key[1], lower(even)};
      key[0] += 0x9E3779B97F4A7C15;
      key[1] += 0xBB67AE8584CAA73B;
    }
    return block;
  }

  static std::uint64_t upper(Wide word) { return static_cast<std::uint64_t>(word >> 64); }
  static std::uint64_t lower(Wide word) { return static_cast<std::uint64_t>(word); }

  std::array<std::uint64_t, 2> key_;
  Block counter_;
  Block block_{};
  std::size_t used_ = 4;
  std::uint32_t half_ = 0;
  bool has_half_ = false;
};

}  // namespace motherlode
