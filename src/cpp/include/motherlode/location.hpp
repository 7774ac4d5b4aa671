#pragma once

/// Name the places where draws are made: an explicit name, else "file:function:line".

#include <string>

/// Warnings that a program asks for with -DMOTHERLODE_WARN: uses that compile, and may not mean what they seem to.
#ifdef MOTHERLODE_WARN
#define MOTHERLODE_HINT(text) [[deprecated(text)]]
#else
#define MOTHERLODE_HINT(text)
#endif

namespace [[gnu::visibility("default")]] motherlode {

/// A place in the source. As a default argument `Location::current()` is the place of the call, as
/// std::source_location (C++20) would be.
struct Location {
  const char* file;
  const char* function;
  int line;

  static constexpr Location current(const char* file = __builtin_FILE(), const char* function = __builtin_FUNCTION(),
                                    int line = __builtin_LINE()) {
    return {file, function, line};
  }
};

/// Return the file without what depends on the machine: our CMake targets strip the project's folder at
/// compile time (-fmacro-prefix-map); a path that is absolute nevertheless, or climbs, is cut to its last part.
inline std::string relative_file(std::string file) {
  if (file.rfind("./", 0) == 0) {
    file.erase(0, 2);
  }
  const bool elsewhere = file.rfind('/', 0) == 0 || file.rfind("../", 0) == 0;
  return elsewhere ? file.substr(file.rfind('/') + 1) : file;
}

/// Return the function without template arguments, which some compilers add.
inline std::string plain_function(const std::string& function) {
  return function.rfind("operator", 0) == 0 ? function : function.substr(0, function.find('<'));
}

inline std::string address(const Location& where) {
  return relative_file(where.file) + ':' + plain_function(where.function) + ':' + std::to_string(where.line);
}

}  // namespace motherlode
