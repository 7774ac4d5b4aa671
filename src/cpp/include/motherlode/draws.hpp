#pragma once

/// Every random number of a model, in plain double: drawn and recorded, or answered from the record.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "motherlode/errors.hpp"
#include "motherlode/families.hpp"
#include "motherlode/own.hpp"
#include "motherlode/product.hpp"
#include "motherlode/refusal.hpp"
#include "motherlode/remote.hpp"
#include "motherlode/sites.hpp"
#include "motherlode/trace.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A replay asked for another draw than the record holds.
struct Divergence : std::exception {
  Divergence(std::size_t at, std::string was, std::string is)
      : position(at), expected(std::move(was)), found(std::move(is)) {}
  const char* what() const noexcept override { return "the path changed on replay"; }

  std::size_t position;
  std::string expected;  ///< address of the recorded draw; empty: the record had ended
  std::string found;     ///< address of the draw asked for; empty: the run had ended
};

/// What a model draws from.
///
///     const double x = draws.sample(Normal{theta[0], 1.0});   // latent or output: a number
///     if (draws.branch(0.1 + 2.5 * theta[0])) { ... }         // a Bernoulli branching
///
/// A draw is known by its name if it has one, else by its place in the source. One Draws serves one thread.
class Draws {
 public:
  using Real = double;

  /// Draw a number from `family`.
  template <class F>
  double sample(const F& family, std::string_view name = {}, Location where = Location::current()) {
    return draw(family, false, name, where, [&family](Source& source) { return family.sample(source); });
  }

  /// Draw a number from a law of the model's own: `law`, its parameters, is given to `sampler(law, generator)` and to
  /// `log_density(law, value)`, the log of the normalized density. A support that depends on theta is not allowed.
  template <class Law, class Sampler, class LogDensity, class = IsOwn<Law, Sampler, LogDensity>>
  double sample(const Law& law, const Sampler& sampler, const LogDensity& log_density, std::string_view name = {},
                Location where = Location::current()) {
    return sample(Own{law, sampler, log_density}, name, where);
  }

  /// Be true with this probability.
  bool branch(double probability, std::string_view name = {}, Location where = Location::current()) {
    return sample(Bernoulli<double>{probability}, name, where) != 0;
  }

  /// Draw a number that the experiment observes: as `sample`, and marked as a part of x.
  template <class F>
  double observe(const F& family, std::string_view name = {}, Location where = Location::current()) {
    return draw(family, true, name, where, [&family](Source& source) { return family.sample(source); });
  }

  /// Condition on data. A plain PPX client scores it; gold is of simulated data, so elsewhere it is refused.
  template <class F>
  void observe(const F& family, double value, std::string_view name = {}, Location where = Location::current()) {
    if (remote_ == nullptr) {
      refuse_data(name, where);
    }
    remote_->observe({address_of(name, where), std::string(name), F::id, true}, family, value);
  }

  /// Show a number to whoever listens; it has no part in the gold.
  void tag(double value, std::string_view name = {}, Location where = Location::current()) {
    if (remote_ != nullptr) {
      remote_->tag({address_of(name, where), std::string(name), FamilyId{}, false}, value);
    }
  }

  // ---- for lazy uniforms ----

  /// A uniform that a later comparison or use decides by; on replay the record decides.
  double hidden_uniform() { return replaying_ || remote_ != nullptr ? 0.0 : source_.uniform(); }

  /// The same of 64 raw bits.
  std::uint64_t hidden_bits() { return replaying_ || remote_ != nullptr ? 0 : source_.engine(); }

  /// Skip so many words of the stream; what is skipped was never drawn.
  void discard(unsigned long long count) {
    if (!replaying_ && remote_ == nullptr) {
      source_.engine.discard(count);
    }
  }

  /// As sample, with a value that the hidden uniform or the hidden bits have already decided.
  template <class F>
  double settle(const F& family, double value, const Location& where) {
    const double taken = draw(family, false, {}, where, [value](Source&) { return value; });
    if constexpr (std::is_same_v<F, Uniform<double>>) {
      if (!replaying_ && remote_ == nullptr) {
        note_number(records_.back().site);
      }
    }
    return taken;
  }

  // ---- for those who run models ----

  /// Record a new run on this stream.
  void record(const Philox& stream, TraceWriter* trace = nullptr) {
    thread_ = std::this_thread::get_id();
    source_ = Source(stream);
    records_.clear();
    supports_.clear();
    weight_ = Product();
    trace_ = trace;
    replaying_ = false;
    divergence_.reset();
  }

  /// Answer the next run from the record; with a trace, write log p to the column of this alternative.
  void replay(TraceWriter* trace = nullptr, std::size_t column = 0) {
    if (!replaying_) {
      recorded_weight_ = weight_;
      replaying_ = true;
    }
    position_ = 0;
    next_support_ = 0;
    support_moved_ = false;
    weight_ = Product();
    excess_ = 0;
    trace_ = trace;
    column_ = column;
    divergence_.reset();
  }

  /// Throw unless the replay went the recorded way to its end, even if the model caught what draws threw.
  void check_replayed() {
    if (!divergence_ && position_ < records_.size()) {
      divergence_.emplace(position_, sites_[records_[position_].site].address, "");
    }
    if (divergence_) {
      throw *divergence_;
    }
  }

  /// Where the replay left the record, if it did.
  const Divergence* divergence() const { return divergence_ ? &*divergence_ : nullptr; }

  /// log p(z | recorded theta) - log p(z | replayed theta); +inf if the record is impossible there.
  double log_ratio() const {
    return weight_.is_zero() ? detail::infinity : Product::log_ratio(recorded_weight_, weight_) - excess_;
  }

  /// Whether a support was another one on replay: then there is no score.
  bool support_moved() const { return support_moved_; }

  /// Let a peer answer all draws; null: draw here again.
  void answer_from(Remote* remote) { remote_ = remote; }

  std::size_t count() const { return records_.size(); }
  std::string last_address() const { return records_.empty() ? "" : sites_[records_.back().site].address; }
  const Sites& sites() const { return sites_; }

  /// Where the recorded run used uniforms or raw bits as numbers: the last `most` addresses, from the end.
  std::vector<std::string> numbers(std::size_t most) const {
    std::vector<std::string> found;
    for (auto record = records_.rbegin(); record != records_.rend() && found.size() < most; ++record) {
      const std::string& place = sites_[record->site].address;
      const bool is_number = record->site < is_number_.size() && is_number_[record->site];
      if (is_number && std::find(found.begin(), found.end(), place) == found.end()) {
        found.push_back(place);
      }
    }
    return found;
  }

 private:
  /// One draw; log_prob is 0 where the probability is in the product.
  struct Record {
    double value;
    double log_prob;
    Sites::Id site;
  };

  template <class F, class Sampler>
  double draw(const F& family, bool observed, std::string_view name, const Location& where, Sampler sampler) {
    if (std::this_thread::get_id() != thread_) {
      refuse_thread(address_of(name, where));
    }
    if (!family.valid()) {
      refuse(family, name, where);
    }
    if (remote_ != nullptr) {
      return ask(family, observed, name, where);
    }
    const Sites::Id site = sites_.id(where, name, F::id, observed);
    return replaying_ ? replayed(family, site) : recorded(family, site, sampler(source_));
  }

  template <class F>
  double recorded(const F& family, Sites::Id site, double value) {
    double log_prob = 0;
    if constexpr (has_prob<F>) {
      weight_.multiply(family.prob(value));
    } else {
      log_prob = family.log_prob(value);
      check_density(log_prob, std::isfinite(log_prob), value, sites_[site].address);
    }
    if constexpr (has_support<F>) {
      const auto support = family.support();
      supports_.insert(supports_.end(), support.begin(), support.end());
    }
    records_.push_back({value, log_prob, site});
    if (trace_ != nullptr) {
      trace_->branching(site, value, family.parameters(), family.log_prob(value));
    }
    return value;
  }

  template <class F>
  double replayed(const F& family, Sites::Id site) {
    if (position_ == records_.size() || records_[position_].site != site) {
      diverge(site);
    }
    const Record& record = records_[position_];
    if constexpr (has_prob<F>) {
      weight_.multiply(family.prob(record.value));
    } else {
      const double log_prob = family.log_prob(record.value);
      check_density(log_prob, log_prob < detail::infinity, record.value, sites_[site].address);
      excess_ += log_prob - record.log_prob;
    }
    if constexpr (has_support<F>) {
      for (const double bound : family.support()) {
        support_moved_ = support_moved_ || bound != supports_[next_support_];
        ++next_support_;
      }
    }
    if (trace_ != nullptr) {
      trace_->at_alternative(position_, column_, family.log_prob(record.value));
    }
    ++position_;
    return record.value;
  }

  template <class F>
  double ask(const F& family, bool observed, std::string_view name, const Location& where) {
    const Site site{address_of(name, where), std::string(name), F::id, observed};
    if constexpr (F::id == FamilyId{}) {
      refuse_own(site.address);
    }
    return remote_->sample(site, family);
  }

  void note_number(Sites::Id site) {
    if (site >= is_number_.size()) {
      is_number_.resize(site + 1, false);
    }
    is_number_[site] = true;
  }

  void diverge(Sites::Id site) {
    if (!divergence_) {
      const bool ended = position_ == records_.size();
      divergence_.emplace(position_, ended ? "" : sites_[records_[position_].site].address, sites_[site].address);
    }
    throw *divergence_;
  }

  Source source_;
  Sites sites_;
  std::vector<Record> records_;
  std::vector<double> supports_;
  std::vector<bool> is_number_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::size_t position_ = 0;
  std::size_t next_support_ = 0;
  Product weight_;
  Product recorded_weight_;
  double excess_ = 0;
  bool replaying_ = false;
  bool support_moved_ = false;
  TraceWriter* trace_ = nullptr;
  std::size_t column_ = 0;
  Remote* remote_ = nullptr;
  std::optional<Divergence> divergence_;
};

}  // namespace motherlode
