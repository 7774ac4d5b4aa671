/// The golden frames of protocols/golden: read as they should be, or refused.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <flatbuffers/idl.h>

#include "check.hpp"
#include "motherlode/server.hpp"

using namespace motherlode;
namespace fs = std::filesystem;

namespace {

const fs::path protocols = MOTHERLODE_PROTOCOLS;

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<fs::path> frames(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(protocols / "golden" / folder)) {
    if (entry.path().extension() == ".bin") {
      files.push_back(entry.path());
    }
  }
  CHECK(files.size() >= 10);
  return files;
}

flatbuffers::IDLOptions every_field() {
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  options.output_default_scalars_in_json = true;
  return options;
}

/// A parser that has read ppx.fbs.
struct Schema : flatbuffers::Parser {
  Schema() : Parser(every_field()) { CHECK(Parse(content(protocols / "ppx.fbs").c_str())); }
};

/// A message as text, for comparison.
std::string text(const flatbuffers::Parser& parser, const void* buffer) {
  std::string json;
  CHECK(flatbuffers::GenerateText(parser, buffer, &json));
  return json;
}

void read(const std::string& bytes) {
  Frame frame;
  frame.read(bytes.data(), bytes.size());
}

/// Read a frame as a simulator with D = 2 would.
void understand(const std::string& bytes) {
  Frame frame;
  const ppx::Message& message = frame.read(bytes.data(), bytes.size());
  const Model model = Model("two", "1", [](const Theta&, Draws&) { return 0.0; }).parameter("a").parameter("b");
  if (const auto* run = message.body_as_Run(); run != nullptr && run->gold() != nullptr) {
    check(decode::request(*run->gold()), model, max_events);
  }
  if (const auto* result = message.body_as_SampleResult()) {
    decode::tensor(result->result(), "SampleResult.result");
  }
}

}  // namespace

TEST("golden: accepted frames hold what their JSON says") {
  for (const fs::path& file : frames("accepted")) {
    const std::string bytes = content(file);
    understand(bytes);
    Schema from_json;
    CHECK(from_json.Parse(content(fs::path(file).replace_extension(".json")).c_str()));
    CHECK(text(from_json, from_json.builder_.GetBufferPointer()) == text(from_json, bytes.data()));
  }
}

TEST("golden: the identifier is not needed") {
  for (const fs::path& file : frames("accepted")) {
    std::string bytes = content(file);
    bytes.replace(4, 4, 4, '\0');
    understand(bytes);
  }
}

TEST("golden: frames that a simulator can judge are refused") {
  for (const fs::path& file : frames("refused")) {
    const std::string name = file.filename().string();
    const bool is_ours = name.rfind("run_", 0) == 0 || name.rfind("tensor_", 0) == 0 || name == "no_body.bin";
    if (is_ours) {
      const Error error = THROWN(Error, understand(content(file)));
      CHECK(error.code() == ErrorCode::protocol || error.code() == ErrorCode::bad_request);
    }
  }
}

TEST("golden: a prefix of a frame is refused or read, never a crash") {
  for (const char* folder : {"accepted", "refused"}) {
    for (const fs::path& file : frames(folder)) {
      const std::string bytes = content(file);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        try {
          understand(bytes.substr(0, size));
        } catch (const Error&) {
          continue;
        }
      }
    }
  }
}

namespace {

/// The family of a Sample as we write it, compared with the golden frame of that family.
void compare_family(const char* name, const AnyFamily& family) {
  const Schema schema;
  const std::string golden = content(protocols / "golden/accepted" / (std::string("sample_") + name + ".bin"));
  const auto* wanted = ppx::GetMessage(golden.data())->body_as_Sample();
  encode::Builder builder;
  encode::sample(builder, {wanted->address()->str(), wanted->name()->str(), Normal<double>::id, false}, family);
  read({reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
  std::string ours = text(schema, builder.GetBufferPointer());
  std::string theirs = text(schema, golden.data());
  const auto without_shapes = [](std::string json) {
    for (std::size_t at = 0; (at = json.find("\"shape\": [", at)) != std::string::npos; ++at) {
      json.erase(at, json.find(']', at) - at);
    }
    return json;
  };
  CHECK(without_shapes(ours) == without_shapes(theirs));
}

}  // namespace

TEST("golden: each family is written as its frame has it") {
  compare_family("normal", Normal{-1.5, 2.0});
  compare_family("uniform", Uniform{-1.0, 3.0});
  compare_family("categorical", Categorical<double>{{1.0, 2.0, 5.0}});
  compare_family("poisson", Poisson{3.25});
  compare_family("bernoulli", Bernoulli{1e-12});
  compare_family("beta", Beta{2.0, 3.0});
  compare_family("exponential", Exponential{0.5});
  compare_family("gamma", Gamma{2.5, 0.5});
  compare_family("lognormal", LogNormal{0.25, 0.5});
  compare_family("binomial", Binomial{10.0, 0.5});
  compare_family("weibull", Weibull{2.0, 1.5});
  compare_family("geometric", Geometric{0.25});
}
