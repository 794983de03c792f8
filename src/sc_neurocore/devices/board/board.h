// What a board does with a frame: register operations, clocks, faults; nothing of sockets.
#pragma once
#include <cstdlib>
#include <list>
#include <optional>
#include <sstream>

#include "faults.h"
#include "frames.h"
#include "model.h"

class Board {
 public:
  uint64_t boots = 1, executed = 0, repeated = 0, stale = 0, malformed = 0, operations = 0;
  Faults faults;

  Board(uint64_t seed, std::string about) : model_(seed), about_(std::move(about)) {
    faults.random.seed(seed);
    model_.upset = [this] { upset(); };
  }

  uint64_t clocks() const { return model_.clocks; }
  static bool on_bench(const Frame& f) { return f.kind >= kInfo; }

  // The answer to an instrument's frame, which is not sent over the board's line.
  Bytes measure(const Frame& frame) { return execute(frame); }

  // The answer to a frame; none if it is an old one, or if the power failed in it.
  // The last frame of every session is remembered with its answer, so that a repeat is answered
  // and not executed. Sessions are forgotten when the power fails, or when there are too many.
  std::optional<Bytes> answer(const Frame& frame) {
    auto known = sessions_.begin();
    while (known != sessions_.end() && known->id != frame.session) ++known;
    if (known != sessions_.end()) {
      if (frame.sequence == known->sequence) {
        ++repeated;
        return known->answer;
      }
      if (frame.sequence < known->sequence) {
        ++stale;
        return std::nullopt;
      }
    }
    const uint32_t expected = known == sessions_.end() ? 1 : known->sequence + 1;
    if (frame.sequence != expected)
      return reply(frame, kUnknownSession, "the board does not know the session of the frame");
    const uint64_t before = boots;
    Bytes done = execute(frame);
    if (boots != before && frame.kind != kReset) return std::nullopt;
    if (known != sessions_.end()) sessions_.erase(known);
    sessions_.push_front({frame.session, frame.sequence, done});
    if (sessions_.size() > kSessions) sessions_.pop_back();
    ++executed;
    return done;
  }

 private:
  struct Session {
    uint64_t id;
    uint32_t sequence;
    Bytes answer;
  };
  static constexpr size_t kSessions = 256;
  static constexpr uint64_t kMostClocks = 1 << 24;
  Model model_;
  std::string about_;
  std::list<Session> sessions_;

  Bytes reply(const Frame& to, Status status, const Bytes& body) {
    Frame out;
    out.kind = to.kind | kReply;
    out.session = to.session;
    out.sequence = to.sequence;
    put(out.payload, static_cast<uint32_t>(status));
    put(out.payload, static_cast<uint32_t>(boots));
    out.payload += body;
    return encode(out);
  }

  Bytes refuse(const Frame& frame, const std::string& why) {
    ++malformed;
    return reply(frame, kMalformed, why);
  }

  Bytes execute(const Frame& f) {
    switch (f.kind) {
      case kTransfer: return transfer(f);
      case kAdvance: {
        if (f.payload.size() != 8) return refuse(f, "a frame to advance carries 8 bytes");
        const uint64_t count = get<uint64_t>(f.payload, 0);
        if (count > kMostClocks) return refuse(f, "a frame advances by 16777216 clocks at most");
        model_.advance(count);
        return reply(f, kOk, "");
      }
      case kReset:
        restart();
        return reply(f, kOk, "");
      case kInfo: return reply(f, kOk, info());
      case kFaults: return set_faults(f);
      case kInject: return inject(f);
      case kLog: {
        if (f.payload.size() != 8) return refuse(f, "a frame for the log carries 8 bytes");
        return reply(f, kOk, faults.log(get<uint64_t>(f.payload, 0), kMaxPayload - 64));
      }
      default: return refuse(f, "the kind of the frame is not known");
    }
  }

  // Eight bytes an operation: u32 address, highest bit set for a write; u32 value.
  Bytes transfer(const Frame& f) {
    const size_t count = f.payload.size() / 8;
    if (f.payload.size() % 8 || count > 4096)
      return refuse(f, "a transfer carries up to 4096 operations of 8 bytes");
    for (size_t i = 0; i < count; ++i)
      if (get<uint32_t>(f.payload, 8 * i) & 0x7FFFF003)
        return refuse(f, "addresses are multiples of 4 below 4096");
    Bytes values;
    const std::string where = " session=" + std::to_string(f.session) + " frame="
                              + std::to_string(f.sequence) + " operation=";
    for (size_t i = 0; i < count; ++i) {
      const uint32_t word = get<uint32_t>(f.payload, 8 * i);
      uint32_t value = get<uint32_t>(f.payload, 8 * i + 4), address = word & 0xFFC;
      const bool write = word >> 31;
      ++operations;
      if (faults.strikes("power.loss")) {
        faults.note("power.loss", clocks(), "frame=" + std::to_string(f.sequence)
                                                + " operation=" + std::to_string(i));
        lose_power();
        return "";
      }
      if (write && !disturb(address, value, where + std::to_string(i))) continue;
      const Answer got = write ? model_.write(address, value) : model_.read(address, value);
      if (got != Answer::kDone) {
        Bytes body;
        put(body, static_cast<uint32_t>(i));
        put(body, static_cast<uint32_t>(got == Answer::kSilent));
        return reply(f, kBusError, body + values);
      }
      if (!write) put(values, value);
    }
    return reply(f, kOk, values);
  }

  // Faults of the bus behind the link's checks; false if the write is lost.
  bool disturb(uint32_t& address, uint32_t& value, const std::string& where) {
    const std::string what = where + " address=" + std::to_string(address) + " value="
                             + std::to_string(value);
    if (faults.strikes("bus.lost")) {
      faults.note("bus.lost", clocks(), what);
      return false;
    }
    if (faults.strikes("bus.corrupted")) {
      value ^= 1u << faults.random.below(32);
      faults.note("bus.corrupted", clocks(), what + " became=" + std::to_string(value));
    }
    if (faults.strikes("bus.misdirected")) {
      address ^= 1u << (2 + faults.random.below(6));
      faults.note("bus.misdirected", clocks(), what + " became=" + std::to_string(address));
    }
    return true;
  }

  void restart() {
    ++boots;
    model_.power_up();
  }

  void lose_power() {
    restart();
    sessions_.clear();
  }

  void upset() {
    model_.upset_at = UINT64_MAX;
    const uint64_t gap = faults.gap();
    if (gap != UINT64_MAX) model_.upset_at = clocks() + gap;
    uint64_t total = 0;
    for (const Memory& m : model_.memories) total += m.words * m.bits;
    if (!total) return;
    uint64_t pick = faults.random.below(total);
    for (size_t i = 0; i < model_.memories.size(); ++i) {
      const uint64_t size = model_.memories[i].words * model_.memories[i].bits;
      if (pick < size) return flip(i, pick / model_.memories[i].bits, pick % model_.memories[i].bits);
      pick -= size;
    }
  }

  void flip(size_t index, uint64_t word, uint64_t bit) {
    const Memory& m = model_.memories[index];
    const bool was = m.get(word, bit);
    m.set(word, bit, !was);
    faults.note("memory.flip", clocks(),
                place(index, word, bit) + " became=" + std::to_string(!was));
  }

  std::string place(size_t index, uint64_t word, uint64_t bit) {
    return "memory=" + std::to_string(index) + " bank="
           + std::to_string(model_.memories[index].bank) + " word=" + std::to_string(word)
           + " bit=" + std::to_string(bit);
  }

  std::string info() {
    std::ostringstream out;
    out << about_ << "boots=" << boots << "\nclocks=" << clocks() << "\nexecuted=" << executed
        << "\nrepeated=" << repeated << "\nstale=" << stale << "\nmalformed=" << malformed
        << "\ndamaged=" << damaged << "\noperations=" << operations << "\n";
    for (const auto& [name, value] : faults.rates) out << "fault." << name << "=" << value << "\n";
    for (const auto& [name, value] : faults.counts) out << "count." << name << "=" << value << "\n";
    for (const Memory& m : model_.memories)
      out << "memory=" << m.bank << " " << m.words << " " << m.bits << " " << m.name << "\n";
    return out.str();
  }

  // Lines "name=number": rates, and "seed". All or none.
  Bytes set_faults(const Frame& f) {
    auto rates = faults.rates;
    std::optional<uint64_t> seed;
    std::istringstream lines(f.payload);
    for (std::string line; std::getline(lines, line);) {
      const size_t equals = line.find('=');
      const std::string name = line.substr(0, equals);
      char* end = nullptr;
      const std::string text = equals == Bytes::npos ? "" : line.substr(equals + 1);
      const double value = std::strtod(text.c_str(), &end);
      if (text.empty() || *end || !(value >= 0)) return refuse(f, "a fault is name=number");
      if (name == "seed")
        seed = std::strtoull(text.c_str(), nullptr, 10);
      else if (!rates.count(name))
        return refuse(f, "there is no fault " + name);
      else
        rates[name] = value;
    }
    faults.rates = rates;
    if (seed) faults.random.seed(*seed);
    const uint64_t gap = faults.gap();
    model_.upset_at = gap == UINT64_MAX ? gap : clocks() + gap;
    return reply(f, kOk, "");
  }

  // "flip M W B", "stick M W B V", "free" (the stuck bits), "power".
  Bytes inject(const Frame& f) {
    std::istringstream words(f.payload);
    std::string what;
    size_t memory = 0;
    uint64_t word = 0, bit = 0;
    int value = 0;
    words >> what;
    if (what == "power") {
      faults.note("power.loss", clocks(), "asked");
      lose_power();
      return reply(f, kOk, "");
    }
    if (what == "free") {
      model_.stuck.clear();
      return reply(f, kOk, "");
    }
    if (what != "flip" && what != "stick") return refuse(f, "there is no such fault to inject");
    words >> memory >> word >> bit;
    if (what == "stick") words >> value;
    if (!words || memory >= model_.memories.size() || word >= model_.memories[memory].words
        || bit >= model_.memories[memory].bits || value < 0 || value > 1)
      return refuse(f, "there is no such bit");
    if (what == "flip") {
      flip(memory, word, bit);
      return reply(f, kOk, "");
    }
    model_.stuck.push_back({memory, word, bit, value == 1});
    model_.memories[memory].set(word, bit, value == 1);
    faults.note("memory.stuck", clocks(),
                place(memory, word, bit) + " value=" + std::to_string(value));
    return reply(f, kOk, "");
  }

 public:
  uint64_t damaged = 0;  // frames that arrived with a bad CRC, length or version
};
