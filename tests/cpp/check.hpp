#pragma once

/// A test framework of one page: TEST("name") { CHECK(...); }, and a main that says what failed, with values.

#include <cmath>
#include <exception>
#include <functional>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace checks {

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::vector<std::pair<std::string, std::function<void()>>>& tests() {
  static std::vector<std::pair<std::string, std::function<void()>>> all;
  return all;
}

struct Test {
  Test(std::string name, std::function<void()> body) { tests().emplace_back(std::move(name), std::move(body)); }
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  throw Failed(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

inline void near(double found, double wanted, double tolerance, const char* file, int line) {
  const bool equal = found == wanted || (std::isnan(found) && std::isnan(wanted));
  if (!equal && !(std::abs(found - wanted) <= tolerance)) {
    std::ostringstream text;
    text.precision(17);
    text << "found " << found << ", wanted " << wanted << ", off by " << found - wanted << " > " << tolerance;
    fail(file, line, text.str());
  }
}

/// Return the exception of this type that `body` throws.
template <class Exception, class Body>
Exception thrown(Body body, const char* file, int line) {
  try {
    body();
  } catch (const Exception& error) {
    return error;
  }
  fail(file, line, "nothing was thrown");
}

/// Run the tests whose name starts with `prefix`; the exit status says whether all passed.
inline int run(const std::string& prefix) {
  int failures = 0;
  int ran = 0;
  for (const auto& [name, body] : tests()) {
    if (name.rfind(prefix, 0) != 0) {
      continue;
    }
    ++ran;
    try {
      body();
    } catch (const std::exception& error) {
      ++failures;
      std::cerr << "FAILED " << name << "\n  " << error.what() << '\n';
    }
  }
  std::cout << ran << " tests, " << failures << " failed\n";
  return ran == 0 || failures != 0 ? 1 : 0;
}

}  // namespace checks

#define CHECK_JOIN_(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN_(a, b)
#define TEST(name)                                                                          \
  static void CHECK_JOIN(body_, __LINE__)();                                                \
  static const checks::Test CHECK_JOIN(test_, __LINE__)(name, CHECK_JOIN(body_, __LINE__)); \
  static void CHECK_JOIN(body_, __LINE__)()
#define CHECK(condition) ((condition) ? void() : checks::fail(__FILE__, __LINE__, #condition))
#define CHECK_NEAR(found, wanted, tolerance) checks::near(found, wanted, tolerance, __FILE__, __LINE__)
#define THROWN(Exception, ...) checks::thrown<Exception>([&] { __VA_ARGS__; }, __FILE__, __LINE__)
