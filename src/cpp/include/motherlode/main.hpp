#pragma once

/// The `main` of an instrumented simulator: serve if there is an endpoint, else run alone.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "motherlode/exception_text.hpp"
#include "motherlode/server.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// What the command line asks for.
struct CommandLine {
  std::string endpoint;
  std::vector<double> theta;
  std::uint64_t events = 10;
  std::uint64_t seed = 0;
  bool alone = false;
  bool help = false;
};

namespace detail {

inline std::vector<double> parse_numbers(const std::string& text) {
  std::vector<double> numbers;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::size_t used = 0;
    const std::string word = text.substr(begin, end - begin);
    numbers.push_back(std::stod(word, &used));
    if (used != word.size()) {
      throw std::invalid_argument(word);
    }
    begin = end + 1;
  }
  return numbers;
}

inline void apply_option(CommandLine& line, const std::string& option, const std::string& value) {
  try {
    if (option == "--theta") {
      line.theta = parse_numbers(value);
    } else if (option == "--events") {
      line.events = std::stoull(value);
    } else if (option == "--seed") {
      line.seed = std::stoull(value);
    } else {
      throw Error(ErrorCode::bad_request, "The option " + option + " is not known. Nothing was run. See --help.");
    }
  } catch (const std::logic_error&) {
    throw Error(ErrorCode::bad_request,
                "The value " + value + " of " + option + " is not a number. Nothing was run. See --help.");
  }
}

inline CommandLine parse(const std::vector<std::string>& words) {
  CommandLine line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help" || words[i] == "-h") {
      line.help = true;
    } else if (words[i].rfind("--", 0) != 0) {
      line.endpoint = words[i];
    } else if (i + 1 == words.size()) {
      throw Error(ErrorCode::bad_request, "The option " + words[i] + " needs a value. Nothing was run. See --help.");
    } else {
      apply_option(line, words[i], words[i + 1]);
      line.alone = true;
      ++i;
    }
  }
  return line;
}

/// The theta asked for, else the middle of the declared bounds.
inline std::vector<double> theta_of(const CommandLine& line, const Model& model) {
  std::vector<double> theta = line.theta;
  for (std::size_t d = 0; line.theta.empty() && d < model.parameters().size(); ++d) {
    theta.push_back(0.5 * (model.parameters()[d].low + model.parameters()[d].high));
  }
  GoldRequest request;
  request.keep = Keep::simulate;
  request.count = 1;
  request.theta = theta;
  check(request, model, 1);
  return theta;
}

inline void print_help(const Model& model, const std::string& program, std::ostream& out) {
  out << model.name() << ' ' << model.version() << ", a simulator that motherlode can open\n\n"
      << program << " ENDPOINT\n"
      << "    serve PPX at ENDPOINT, or at $MOTHERLODE_ENDPOINT: ipc:///tmp/" << model.name()
      << ", tcp://127.0.0.1:5555, ...\n"
      << "    any other address needs keys: `motherlode keys DIR`, and MOTHERLODE_KEYS=DIR/server\n"
      << program << " [--theta T1,T2,...] [--events N] [--seed S]\n"
      << "    print N simulated events, one x a line, at theta or in the middle of its bounds\n\n"
      << "theta:\n";
  for (const Parameter& parameter : model.parameters()) {
    out << "  " << parameter.name << " in " << show({parameter.low, parameter.high}) << '\n';
  }
}

inline void run(const Model& model, const std::string& program, CommandLine line) {
  const char* variable = std::getenv("MOTHERLODE_ENDPOINT");
  if (line.endpoint.empty() && variable != nullptr && !line.alone) {
    line.endpoint = variable;
  }
  if (line.help) {
    print_help(model, program, std::cout);
  } else if (!line.endpoint.empty()) {
    serve(model, line.endpoint);
  } else {
    print_events(model, theta_of(line, model), line.seed, line.events, std::cout);
  }
}

}  // namespace detail

/// Return the exit status of a program that offers this model.
inline int main(const Model& model, int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    detail::run(model, argv[0], detail::parse(words));
    return EXIT_SUCCESS;
  } catch (...) {
    std::cerr << model.name() << ": " << current_exception_text() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace motherlode
