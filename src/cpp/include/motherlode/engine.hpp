#pragma once

/// What stands where a std::mt19937_64 stood: `motherlode::engine generator;`, global or passed along.

#include <cstdint>
#include <limits>
#include <type_traits>

#include "motherlode/draws.hpp"
#include "motherlode/location.hpp"
#include "motherlode/run_scope.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

/// False, once `T` is known: for what compiles only where nobody uses it.
template <class... T>
inline constexpr bool never = false;

}  // namespace detail

/// A uniform random bit generator of `Word`s. It has no state of its own: the stream is the run's, so every engine of a
/// run draws from the same one, and the seeds of all of them are ignored. Each 32 bits are a draw whose density does
/// not depend on theta. A number that is made of them and then compared with theta is a leak: take uniforms from
/// uniform_real_distribution or uniform01.
template <class Draws, class Word = std::uint64_t>
class BasicEngine {
  template <class Seed>
  static constexpr bool is_seed = !std::is_base_of_v<BasicEngine, Seed> && !std::is_same_v<Draws, Seed>;

 public:
  using result_type = Word;
  static constexpr result_type default_seed = 5489U;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<Word>::max(); }

  /// The engine of whatever run this thread is in.
  BasicEngine() = default;
  explicit BasicEngine(Draws& draws) : draws_(&draws) {}
  /// The same: the seed is ignored, because motherlode seeds every event.
  MOTHERLODE_HINT("motherlode ignores the seed: the stream of an event is (seed of the campaign, event)")
  explicit BasicEngine(result_type) {}
  template <class SeedSequence, class = std::enable_if_t<is_seed<SeedSequence> && std::is_class_v<SeedSequence>>>
  MOTHERLODE_HINT("motherlode ignores the seed: the stream of an event is (seed of the campaign, event)")
  explicit BasicEngine(SeedSequence&) {}

  /// Raw bits.
  result_type operator()(Location where = Location::current()) const {
    Draws& from = draws(where);
    const std::uint64_t word = from.hidden_bits();
    const Word high = half(from, word >> 32, where);
    if constexpr (sizeof(Word) == sizeof(std::uint32_t)) {
      return high;
    } else {
      return high << 32 | half(from, word & 0xffffffff, where);
    }
  }

  void discard(unsigned long long count, Location where = Location::current()) const { draws(where).discard(count); }

  /// Does nothing: motherlode seeds every event.
  template <class... Seeds>
  MOTHERLODE_HINT("motherlode ignores the seed: the stream of an event is (seed of the campaign, event)")
  void seed(const Seeds&...) const {}

  Draws& draws(Location where = Location::current()) const {
    return draws_ != nullptr ? *draws_ : RunScope<Draws>::current(where);
  }

  /// Engines of one run are one engine.
  friend bool operator==(const BasicEngine& a, const BasicEngine& b) { return a.draws_ == b.draws_; }
  friend bool operator!=(const BasicEngine& a, const BasicEngine& b) { return !(a == b); }

  template <class Stream>
  friend Stream& operator<<(Stream& stream, const BasicEngine&) {
    static_assert(detail::never<Stream>, "motherlode::engine has no state to save: give the run its own seed instead");
    return stream;
  }
  template <class Stream>
  friend Stream& operator>>(Stream& stream, BasicEngine&) {
    static_assert(detail::never<Stream>, "motherlode::engine has no state to load: give the run its own seed instead");
    return stream;
  }

 private:
  static_assert(std::is_same_v<Word, std::uint32_t> || std::is_same_v<Word, std::uint64_t>,
                "a word of an engine is a std::uint32_t or a std::uint64_t");

  /// 32 bits as a draw, which a record or a peer may answer.
  static std::uint32_t half(Draws& draws, std::uint64_t hidden, const Location& where) {
    constexpr double range = 0x1p32;
    const double drawn = draws.settle(Uniform<double>{0.0, range}, static_cast<double>(hidden), where);
    return static_cast<std::uint32_t>(drawn < range ? drawn : range - 1);
  }

  Draws* draws_ = nullptr;
};

/// For std::mt19937_64.
using engine = BasicEngine<Draws>;
/// For std::mt19937 and std::minstd_rand, in code that knows that a word has 32 bits (`gen() / 4294967296.0`).
using engine32 = BasicEngine<Draws, std::uint32_t>;

}  // namespace motherlode
