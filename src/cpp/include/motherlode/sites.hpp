#pragma once

/// Intern the sites of draws to small integers: a few compares for a place seen before.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "motherlode/families.hpp"
#include "motherlode/location.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A place that draws from one family. Repeated draws at one site are told apart by their order.
struct Site {
  std::string address;
  std::string name;
  FamilyId family;
  bool observed;
};

class Sites {
 public:
  using Id = std::uint32_t;

  Id id(const Location& where, std::string_view name, FamilyId family, bool observed) {
    Slot& slot = slots_[index(where)];
    const bool hit = slot.where.line == where.line && slot.where.file == where.file &&
                     slot.where.function == where.function && slot.family == family.number && slot.observed == observed &&
                     slot.name == name;
    return hit ? slot.id : intern(slot, where, name, family, observed);
  }

  const Site& operator[](Id id) const { return sites_[id]; }
  const std::vector<Site>& all() const { return sites_; }

 private:
  /// A cache line of the table: the address of a file's name stands for the file here, its text does in `ids_`.
  struct Slot {
    Location where{nullptr, nullptr, 0};
    std::string name;
    std::uint8_t family = 0;
    bool observed = false;
    Id id = 0;
  };

  using Key = std::tuple<std::string, std::uint8_t, bool>;

  static std::size_t index(const Location& where) {
    const auto file = reinterpret_cast<std::uintptr_t>(where.file);
    return (static_cast<std::size_t>(where.line) + (file >> 4)) % slot_count;
  }

  Id intern(Slot& slot, const Location& where, std::string_view name, FamilyId family, bool observed) {
    const std::string text = name.empty() ? address(where) : std::string(name);
    const auto [entry, is_new] = ids_.try_emplace(Key{text, family.number, observed}, static_cast<Id>(sites_.size()));
    if (is_new) {
      sites_.push_back({text, std::string(name), family, observed});
    }
    slot = {where, std::string(name), family.number, observed, entry->second};
    return entry->second;
  }

  static constexpr std::size_t slot_count = 64;
  std::array<Slot, slot_count> slots_;
  std::map<Key, Id> ids_;
  std::vector<Site> sites_;
};

}  // namespace motherlode
