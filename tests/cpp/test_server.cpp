/// A served model and its clients: lockstep, gold, garbage, strangers, and the end.

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "check.hpp"
#include "motherlode/server.hpp"

using namespace motherlode;

namespace {

/// A model served in a thread of this process, until it goes out of scope.
class Served {
 public:
  explicit Served(const Model& model) : thread_([&model, this] { serve(model, endpoint); }) { await_start(); }
  ~Served() {
    std::raise(SIGTERM);
    thread_.join();
  }

  const std::string endpoint = "ipc:///tmp/motherlode-test-" + std::to_string(getpid());

 private:
  void await_start() const {
    while (!is_served(socket_path(endpoint))) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  std::thread thread_;
};

/// A stock client: a REQ socket with a deadline.
class Client {
 public:
  explicit Client(const std::string& endpoint) {
    socket_.set(zmq::sockopt::rcvtimeo, 10000);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(endpoint);
  }

  const ppx::Message& ask(const std::string& bytes) {
    socket_.send(zmq::buffer(bytes), zmq::send_flags::none);
    CHECK(socket_.recv(reply_).has_value());
    return frame_.read(reply_.data(), reply_.size());
  }

  template <class Body>
  const ppx::Message& ask(flatbuffers::Offset<Body> body) {
    encode::finish(builder, body);
    const std::string bytes(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
    builder.Clear();
    return ask(bytes);
  }

  const ppx::Message& answer(std::vector<double> value) {
    const std::vector<std::int32_t> shape{static_cast<std::int32_t>(value.size())};
    return ask(ppx::CreateSampleResult(builder, encode::tensor(builder, value, shape)));
  }

  const ppx::Message& handshake() { return ask(ppx::CreateHandshakeDirect(builder, "test")); }
  const ppx::Message& run() { return ask(ppx::CreateRun(builder)); }
  const ppx::Message& reset() { return ask(ppx::CreateReset(builder)); }

  const ppx::Message& gold(ppx::Recorded record, std::vector<double> theta) {
    const std::vector<double> steps(theta.size(), 6e-6);
    const std::vector<double> low{0.1};
    const std::vector<double> high{0.9};
    const auto count = static_cast<std::uint32_t>(theta.size());
    return ask(ppx::CreateRun(
        builder, ppx::CreateGoldRunDirect(builder, record, 7, 100, count, &theta, &theta, &steps, &low, &high)));
  }

  encode::Builder builder;

 private:
  zmq::context_t context_{1};
  zmq::socket_t socket_{context_, zmq::socket_type::req};
  zmq::message_t reply_;
  Frame frame_;
};

double coin_and_noise(const Theta& theta, Draws& draws) {
  const bool heads = draws.branch(theta[0], "coin");
  draws.tag(heads, "side");
  return draws.observe(Normal{heads ? 1.0 : -1.0, 0.5}, "x");
}

Model coin() { return Model("coin", "2.1", coin_and_noise).parameter("bias", 0, 1); }

const ppx::Error& error_of(const ppx::Message& message) {
  CHECK(message.body_type() == ppx::MessageBody::Error);
  return *message.body_as_Error();
}

const ppx::Sample& sample_of(const ppx::Message& message) {
  CHECK(message.body_type() == ppx::MessageBody::Sample);
  return *message.body_as_Sample();
}

}  // namespace

TEST("server: the handshake says what the simulator is") {
  const Model model = coin();
  const Served served(model);
  Client client(served.endpoint);
  const auto& result = *client.handshake().body_as_HandshakeResult();
  CHECK(result.model_name()->str() == "coin" && result.simulator()->version()->str() == "2.1");
  CHECK(result.simulator()->extensions()->Get(0)->str() == "gold/1");
  CHECK(result.simulator()->parameter_names()->Get(0)->str() == "bias");
  CHECK(result.simulator()->parameter_low()->Get(0) == 0 && result.simulator()->parameter_high()->Get(0) == 1);
}

TEST("server: a plain client answers theta, then every draw, and gets x") {
  const Model model = coin();
  const Served served(model);
  Client client(served.endpoint);
  const auto& theta = sample_of(client.run());
  CHECK(theta.name()->str() == "bias" && theta.distribution_type() == ppx::Distribution::Uniform && theta.control());
  const auto& flip = sample_of(client.answer({0.25}));
  CHECK(flip.address()->str() == "coin" && flip.distribution_as_Bernoulli()->probs()->data()->Get(0) == 0.25);
  const auto& tag = client.answer({1});
  CHECK(tag.body_type() == ppx::MessageBody::Tag && tag.body_as_Tag()->value()->data()->Get(0) == 1);
  const auto& noise = sample_of(client.ask(ppx::CreateTagResult(client.builder)));
  CHECK(noise.distribution_as_Normal()->mean()->data()->Get(0) == 1);
  const auto& result = *client.answer({1.75}).body_as_RunResult();
  CHECK(result.result()->data()->Get(0) == 1.75 && result.block() == nullptr);
}

TEST("server: a program that observes data has it scored by a plain client, and no gold") {
  const auto reading = [](const Theta& theta, Draws& draws) {
    draws.observe(Normal{theta[0], 1.0}, 8.0, "reading");
    return 1;
  };
  const Model model = Model("reading", "1", reading).parameter("mean", 0, 1);
  const Served served(model);
  Client client(served.endpoint);
  sample_of(client.run());
  const auto& observe = *client.answer({0.5}).body_as_Observe();
  CHECK(observe.name()->str() == "reading" && observe.value()->data()->Get(0) == 8);
  CHECK(observe.distribution_as_Normal()->mean()->data()->Get(0) == 0.5);
  CHECK(client.ask(ppx::CreateObserveResult(client.builder)).body_type() == ppx::MessageBody::RunResult);
  const auto& block = *client.gold(ppx::Recorded::Gold, {0.5}).body_as_RunResult()->block();
  CHECK(block.failures()->Get(0)->text()->str().find("observes data at reading") != std::string::npos);
}

TEST("server: a tracked model says so, and reports what went to replay") {
  const auto flip = [](const auto& theta, auto& draws) {
    return theta[0] > 0.5 ? draws.sample(Normal{0.0, 1.0}, "z") : draws.sample(Normal{1.0, 1.0}, "z");
  };
  const Model model = Model("flip", "1", tracked<1, 1>(flip)).parameter("bias", 0, 1);
  const Served served(model);
  Client client(served.endpoint);
  CHECK(client.handshake().body_as_HandshakeResult()->simulator()->tier() == ppx::Tier::Tangent);
  const std::vector<double> theta{0.4, 0.4};
  const std::vector<double> alternatives{0.3, 0.7};
  const std::vector<double> steps{6e-6, 6e-6};
  const auto run = ppx::CreateGoldRunDirect(client.builder, ppx::Recorded::Gold, 7, 0, 2, &theta, &alternatives, &steps);
  const auto& block = *client.ask(ppx::CreateRun(client.builder, run)).body_as_RunResult()->block();
  CHECK(block.diverted() == 1 && block.joint_log_ratio()->Get(0) == 0);
}

TEST("server: gold blocks are what the model gives in process") {
  const Model model = coin();
  const Served served(model);
  Client client(served.endpoint);
  const auto& block = *client.gold(ppx::Recorded::Traces, {0.3, 0.5, 0.7}).body_as_RunResult()->block();
  GoldRequest request;
  request.keep = Keep::traces;
  request.seed = 7;
  request.first = 100;
  request.count = 3;
  request.theta = request.alternatives = {0.3, 0.5, 0.7};
  request.steps.assign(3, 6e-6);
  const GoldBlock wanted = mine(model, request);
  CHECK(decode::numbers(block.x()) == wanted.x && decode::numbers(block.joint_score()) == wanted.joint_score);
  CHECK(decode::numbers(block.joint_log_ratio()) == std::vector<double>(3, 0.0));
  CHECK(block.first() == 100 && block.count() == 3 && block.draws() == 6 && block.probed() == 3);
  CHECK(block.traces()->sites()->size() == 2 && block.traces()->sites()->Get(1)->observed());
  CHECK(decode::numbers(block.traces()->log_prob()) == wanted.traces.log_prob);
}

TEST("server: reset abandons a run, even in a model that catches everything") {
  const auto stubborn = [](const Theta& theta, Draws& draws) {
    for (;;) {
      try {
        return draws.sample(Normal{theta[0], 1.0});
      } catch (const std::exception&) {
        continue;
      }
    }
  };
  const Model model = Model("stubborn", "1", stubborn).parameter("bias", 0, 1);
  const Served served(model);
  Client client(served.endpoint);
  sample_of(client.run());
  sample_of(client.answer({0.5}));
  CHECK(client.reset().body_type() == ppx::MessageBody::Reset);
  CHECK(client.reset().body_type() == ppx::MessageBody::Reset);
  sample_of(client.run());
  sample_of(client.answer({0.5}));
  CHECK(error_of(client.answer({1, 2, 3})).code() == ppx::ErrorCode::Protocol);
  CHECK(client.handshake().body_type() == ppx::MessageBody::HandshakeResult);
}

TEST("server: garbage and messages out of turn are answered, and service goes on") {
  const Model model = coin();
  const Served served(model);
  Client client(served.endpoint);
  for (const std::string& bytes : {std::string(), std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100000, '\xff')}) {
    CHECK(error_of(client.ask(bytes)).code() == ppx::ErrorCode::Protocol);
  }
  CHECK(error_of(client.answer({1})).code() == ppx::ErrorCode::Protocol);
  CHECK(error_of(client.ask(ppx::CreateSampleDirect(client.builder, "a"))).code() == ppx::ErrorCode::Protocol);
  sample_of(client.run());
  CHECK(error_of(client.ask(ppx::CreateTagResult(client.builder))).text()->str().find("SampleResult is due") !=
        std::string::npos);
  sample_of(client.run());
  CHECK(error_of(client.answer({0.5, 0.5})).text()->str().find("2 numbers where one is needed") != std::string::npos);
  sample_of(client.run());
  CHECK(error_of(client.ask(ppx::CreateSampleResult(client.builder))).code() == ppx::ErrorCode::Protocol);
  CHECK(client.handshake().body_type() == ppx::MessageBody::HandshakeResult);
}

TEST("server: bad gold requests are refused with the field") {
  const Model model = coin();
  const Served served(model);
  Client client(served.endpoint);
  CHECK(error_of(client.gold(ppx::Recorded::Gold, {1.5})).text()->str().find("GoldRun.theta[0]") == 0);
  CHECK(error_of(client.gold(ppx::Recorded::Gold, {})).code() == ppx::ErrorCode::BadRequest);
  CHECK(error_of(client.gold(static_cast<ppx::Recorded>(9), {0.5})).text()->str().find("GoldRun.record is 9") == 0);
}

TEST("server: leaks and failures come back as errors with their facts") {
  const auto leaky = [](const Theta& theta, Draws& draws) {
    if (theta[0] > 0.95) {
      throw std::domain_error("bias too high");
    }
    return theta[0] + draws.sample(Normal{0.0, 1.0}, "z");
  };
  const Model model = Model("leaky", "1", leaky).parameter("bias", 0, 1);
  const Served served(model);
  Client client(served.endpoint);
  const auto& leak = error_of(client.gold(ppx::Recorded::Gold, {0.5}));
  CHECK(leak.code() == ppx::ErrorCode::Leak && leak.event() == 100 && leak.address()->str() == "z");
  CHECK(decode::numbers(leak.theta()) == std::vector<double>{0.5} && leak.probe()->size() == 1);
  CHECK(leak.expected()->Get(0) != leak.found()->Get(0));
  sample_of(client.run());
  const auto& failed = error_of(client.answer({0.99}));
  CHECK(failed.code() == ppx::ErrorCode::SimulatorFailed &&
        failed.text()->str().find("bias too high") != std::string::npos);
}

TEST("server: a second client is told to wait and cannot answer the first one's draws") {
  const Model model = coin();
  const Served served(model);
  Client first(served.endpoint);
  Client second(served.endpoint);
  sample_of(first.run());
  CHECK(error_of(second.answer({0.9})).code() == ppx::ErrorCode::Busy);
  CHECK(error_of(second.handshake()).code() == ppx::ErrorCode::Busy);
  CHECK(sample_of(first.answer({0.25})).distribution_as_Bernoulli()->probs()->data()->Get(0) == 0.25);
  first.reset();
  CHECK(second.handshake().body_type() == ppx::MessageBody::HandshakeResult);
}

TEST("server: SIGTERM ends a block under way and leaves no socket file") {
  std::atomic<bool> running{false};
  const Model model = Model("slow", "1", [&running](const Theta&, Draws& draws) {
                        running = true;
                        std::this_thread::sleep_for(std::chrono::milliseconds(1));
                        return draws.sample(Normal{0.0, 1.0});
                      }).parameter("bias", 0, 1);
  std::string path;
  const auto start = std::chrono::steady_clock::now();
  {
    const Served served(model);
    path = socket_path(served.endpoint);
    zmq::context_t context(1);
    zmq::socket_t client(context, zmq::socket_type::dealer);
    client.set(zmq::sockopt::linger, 0);
    client.connect(served.endpoint);
    encode::Builder builder;
    const std::vector<double> theta(100000, 0.5);
    encode::finish(builder, ppx::CreateRun(builder, ppx::CreateGoldRunDirect(builder, ppx::Recorded::Simulate, 1, 0,
                                                                             100000, &theta)));
    client.send(zmq::message_t(), zmq::send_flags::sndmore);
    client.send(zmq::buffer(builder.GetBufferPointer(), builder.GetSize()), zmq::send_flags::none);
    while (!running) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  CHECK(access(path.c_str(), F_OK) != 0);
}

TEST("server: endpoints that let strangers in, or cannot work, are refused") {
  CHECK(THROWN(Error, check_endpoint("tcp://0.0.0.0:5555")).code() == ErrorCode::unsupported);
  CHECK(THROWN(Error, check_endpoint("tcp://*:5555")).code() == ErrorCode::unsupported);
  check_endpoint("tcp://127.0.0.1:5555");
  CHECK(THROWN(Error, check_endpoint("ipc:///tmp/" + std::string(200, 'a'))).code() == ErrorCode::bad_request);
  const Model model = coin();
  const Served served(model);
  CHECK(THROWN(Error, check_endpoint(served.endpoint)).code() == ErrorCode::busy);
  CHECK(THROWN(Error, serve(model, "nonsense")).code() == ErrorCode::bad_request);
}
