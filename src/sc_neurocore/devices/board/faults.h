// Faults on purpose: seeded, switched at run time, and each one in a log.
#pragma once
#include <cmath>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

class Random {  // splitmix64
 public:
  void seed(uint64_t value) { state_ = value; }
  uint64_t word() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(word() >> 11) * 0x1p-53; }
  uint64_t below(uint64_t bound) { return word() % bound; }

 private:
  uint64_t state_ = 0;
};

struct Faults {
  // Probabilities: link.* of a frame in either direction, bus.* of a write, power.loss of a
  // register operation, memory.flip of a clock. Not probabilities: delays in milliseconds, bytes
  // per second (0: no limit).
  std::map<std::string, double> rates = {
      {"link.lost", 0},       {"link.corrupted", 0}, {"link.duplicated", 0},
      {"link.delayed", 0},    {"bus.lost", 0},       {"bus.corrupted", 0},
      {"bus.misdirected", 0}, {"power.loss", 0},     {"memory.flip", 0},
      {"link.delay_ms", 50},  {"link.bytes_per_s", 0}};
  std::map<std::string, uint64_t> counts;
  Random random;

  static constexpr size_t kKept = 1 << 17;

  bool strikes(const char* kind) {
    const double rate = rates.at(kind);
    return rate > 0 && random.unit() < rate;
  }

  // One line of the log: number, clock, kind, what exactly.
  void note(const std::string& kind, uint64_t clock, const std::string& what) {
    ++counts[kind];
    lines_.push_back(std::to_string(first_ + lines_.size()) + " " + std::to_string(clock) + " "
                     + kind + " " + what);
    if (lines_.size() > kKept) {
      lines_.pop_front();
      ++first_;
    }
  }

  // Lines from a number on, as many as fit.
  std::string log(uint64_t from, size_t bytes) const {
    std::string out;
    for (uint64_t i = std::max<uint64_t>(from, first_); i < first_ + lines_.size(); ++i) {
      const std::string& line = lines_[i - first_];
      if (out.size() + line.size() + 1 > bytes) break;
      out += line + "\n";
    }
    return out;
  }

  // Clocks until the next flip of a memory bit.
  uint64_t gap() {
    const double rate = rates.at("memory.flip");
    if (rate <= 0) return UINT64_MAX;
    const double clocks = std::log1p(-random.unit()) / std::log1p(-std::min(rate, 1 - 1e-12));
    return clocks > 1e18 ? UINT64_MAX : static_cast<uint64_t>(clocks) + 1;
  }

 private:
  uint64_t first_ = 0;
  std::deque<std::string> lines_;
};
