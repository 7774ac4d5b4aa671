#pragma once

/// Say in words what a model threw, whatever its type.

#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <memory>
#include <string>
#include <typeinfo>

namespace [[gnu::visibility("default")]] motherlode {

/// In a catch clause: what() of a std::exception, else the type of what was thrown.
inline std::string current_exception_text() {
  try {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) {
      return "The model threw an exception of another language.";
    }
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                           &std::free);
    return std::string("The model threw ") + (status == 0 ? name.get() : type->name()) +
           ", which is no std::exception and says no more.";
  }
}

}  // namespace motherlode
