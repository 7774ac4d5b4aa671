#pragma once

/// The version of these headers: that of the Python package they ship with.

namespace [[gnu::visibility("default")]] motherlode {

inline constexpr const char* version = "0.1.0";

}  // namespace motherlode
