/// Mutate golden frames and read them as a simulator does: nothing may crash, hang, or be wrongly understood.
///
///     fuzz FRAMES [SEED]

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "motherlode/server.hpp"

using namespace motherlode;

/// AddressSanitizer keeps freed memory for a while; little of it, or growth could not be seen.
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=8"; }

namespace {

std::vector<std::string> golden_frames() {
  std::vector<std::string> frames;
  for (const char* folder : {"accepted", "refused"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(MOTHERLODE_PROTOCOLS "/golden/") + folder)) {
      if (entry.path().extension() == ".bin") {
        std::ifstream file(entry.path(), std::ios::binary);
        frames.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      }
    }
  }
  std::sort(frames.begin(), frames.end());
  return frames;
}

class Mutator {
 public:
  Mutator(std::vector<std::string> frames, std::uint64_t seed) : frames_(std::move(frames)), random_(seed, 0, 0) {}

  std::string next() {
    std::string frame = any();
    const std::uint64_t mutations = 1 + random_() % 4;
    for (std::uint64_t i = 0; i < mutations && !frame.empty(); ++i) {
      mutate(frame);
    }
    return frame;
  }

 private:
  const std::string& any() { return frames_[random_() % frames_.size()]; }

  void mutate(std::string& frame) {
    const std::size_t at = random_() % frame.size();
    switch (random_() % 6) {
      case 0:
        frame[at] = static_cast<char>(frame[at] ^ (1 << random_() % 8));
        break;
      case 1:
        frame[at] = static_cast<char>(random_());
        break;
      case 2:
        put_word(frame, at);
        break;
      case 3:
        frame.resize(at);
        break;
      case 4:
        frame.insert(at, any().substr(0, random_() % 64));
        break;
      default:
        frame.replace(at, 8, any(), 0, random_() % 32);
    }
  }

  /// Offsets and counts are words: the values most likely to hurt.
  void put_word(std::string& frame, std::size_t at) {
    constexpr std::uint32_t words[] = {0, 1, 4, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 0x10000, 0x3fffffff};
    const std::uint32_t word = words[random_() % std::size(words)];
    for (std::size_t byte = 0; byte < 4 && at + byte < frame.size(); ++byte) {
      frame[at + byte] = static_cast<char>(word >> 8 * byte);
    }
  }

  std::vector<std::string> frames_;
  Philox random_;
};

double walk(const Theta& theta, Draws& draws) {
  return draws.sample(Normal{theta[0], 1.0}) + draws.branch(0.5 + 0.1 * theta[1]);
}

/// Read a frame as the server would, and run what it asks for if that is little.
void understand(const std::string& frame, const Model& model, Frame& reader, flatbuffers::FlatBufferBuilder& builder) {
  const ppx::Message& message = reader.read(frame.data(), frame.size());
  if (const auto* result = message.body_as_SampleResult()) {
    decode::scalar(result->result(), "SampleResult.result");
  }
  const auto* run = message.body_as_Run();
  if (run == nullptr || run->gold() == nullptr) {
    return;
  }
  const GoldRequest request = decode::request(*run->gold());
  check(request, model, 64);
  if (request.theta.size() != 2 * request.count || request.alternatives.size() > 1000) {
    std::abort();
  }
  builder.Clear();
  encode::block(builder, model, mine(model, request), request.keep);
}

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  const long frames = argc > 1 ? std::atol(argv[1]) : 100'000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const Model model = Model("walk", "1", walk).parameter("a", -10, 10).parameter("b", -5, 5);
  Mutator mutator(golden_frames(), seed);
  Frame reader;
  flatbuffers::FlatBufferBuilder builder;
  long understood = 0;
  long warm = 0;
  for (long i = 0; i < frames; ++i) {
    try {
      understand(mutator.next(), model, reader, builder);
      ++understood;
    } catch (const Error&) {
    }
    if (i == frames / 4) {
      warm = peak_kilobytes();
    }
  }
  const long growth = peak_kilobytes() - warm;
  std::cout << frames << " frames, " << understood << " understood, memory grew by " << growth << " kB\n";
  return growth < 65536 ? EXIT_SUCCESS : EXIT_FAILURE;
}
