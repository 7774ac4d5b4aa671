#pragma once

/// The words for what replay finds: what happened with values, why it matters, what to do.

#include <string>

#include "motherlode/draws.hpp"
#include "motherlode/errors.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

inline std::string last_draw(const std::string& address) {
  return address.empty() ? "no draw was intercepted at all" : "the last draw before x is " + address;
}

inline std::string moved(const Finding& facts) {
  return "in event " + std::to_string(facts.event) + " x = " + show(facts.expected) +
         " at theta = " + show(facts.theta) + " became x = " + show(facts.found);
}

inline std::string why_hidden() {
  return " Draws outside the record are missing from the joint likelihood, and the run cannot be repeated. "
         "Take every random number from the `draws` argument; std::rand, an engine of the model's own, the clock, "
         "and state kept between runs are the usual sources.";
}

inline std::string where_theta_may_enter() {
  return " The joint likelihood ratio would be wrong without any other sign. Let theta enter through a draw's "
         "parameters only: draw x from Normal{theta, 1} instead of adding theta to a draw, use "
         "draws.branch(p(theta)) instead of comparing a draw with p(theta).";
}

/// Name the uniforms that are numbers: comparing one with theta is the commonest leak.
inline std::string numbers(const Finding& facts) {
  std::string places;
  for (const std::string& place : facts.numbers) {
    places += (places.empty() ? "" : ", ") + place;
  }
  return places.empty() ? ""
                        : " Uniforms or raw bits were used as numbers at " + places +
                              ". If such a number is compared with a function of theta, write `auto u` instead of "
                              "`double u`, and draw it from motherlode::uniform_real_distribution: then u < p is a "
                              "branching.";
}

inline std::string or_nothing(const std::string& address) {
  return address.empty() ? "nothing (it has ended)" : address;
}

}  // namespace detail

/// x moved on replay at another theta.
inline LeakError leak(const Finding& facts) {
  return {ErrorCode::leak,
          "x depends on theta other than through its draws: " + detail::moved(facts) +
              " on replay at theta = " + show(facts.probe) + " with every draw held fixed; " +
              detail::last_draw(facts.address) + "." + detail::where_theta_may_enter() + detail::numbers(facts),
          facts};
}

/// x moved on replay at the same theta.
inline LeakError hidden_randomness(const Finding& facts) {
  return {ErrorCode::hidden_randomness,
          "The simulator uses random numbers that motherlode does not see: " + detail::moved(facts) +
              " when the run was repeated at the same theta with every draw held fixed; " +
              detail::last_draw(facts.address) + "." + detail::why_hidden(),
          facts};
}

/// x itself has a slope in theta, or another value at an alternative.
inline LeakError live_tangent(const Finding& facts) {
  return {ErrorCode::live_tangent,
          "x still depends on theta: in event " + std::to_string(facts.event) + ", at theta = " + show(facts.theta) +
              ", x = " + show(facts.expected) + " carries a tangent although every draw is held fixed; " +
              detail::last_draw(facts.address) + "." + detail::where_theta_may_enter(),
          facts};
}

/// The path changed on replay; `facts` without an address yet.
inline LeakError diverged(const Divergence& divergence, Finding facts, ErrorCode cause) {
  const bool hidden = cause == ErrorCode::hidden_randomness;
  const std::string what = "The path changed on replay at theta = " + show(facts.probe) + ": in event " +
                           std::to_string(facts.event) + ", drawn at theta = " + show(facts.theta) + ", draw " +
                           std::to_string(divergence.position) + " should be " +
                           detail::or_nothing(divergence.expected) + " but the simulator came to " +
                           detail::or_nothing(divergence.found) + ".";
  const std::string why =
      hidden ? detail::why_hidden()
             : " theta, or randomness that is not intercepted, steers the control flow directly, so the joint "
               "likelihood ratio does not follow from the draws. Replace an `if` on theta by "
               "draws.branch(p(theta)), and let loops end on draws." +
                   detail::numbers(facts);
  facts.address = divergence.found.empty() ? divergence.expected : divergence.found;
  return {hidden ? cause : ErrorCode::replay_diverged, what + why, facts};
}

}  // namespace motherlode
