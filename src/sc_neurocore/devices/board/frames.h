// Frames of the board protocol: bytes in, checked frames out.
//
// A frame, little endian: magic "SCNB", u16 kind, u16 version, u64 session, u32 sequence,
// u32 length; u32 CRC-32 of those 24 bytes; the payload; u32 CRC-32 of everything before it.
// A reader that finds a bad CRC goes on at the next magic, so lost bytes cost one frame.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

inline constexpr uint32_t kMagic = 0x424E4353;  // "SCNB"
inline constexpr uint16_t kVersion = 1;
inline constexpr uint16_t kReply = 0x8000;
inline constexpr size_t kHeader = 28, kTail = 4, kMaxPayload = 65536;

enum Kind : uint16_t { kTransfer = 1, kAdvance, kReset, kInfo, kFaults, kInject, kLog };
enum Status : uint32_t { kOk = 0, kBusError, kMalformed, kUnknownSession };

using Bytes = std::string;

// IEEE 802.3 CRC-32: reflected, polynomial 0xEDB88320, all ones before and after.
inline uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::vector<uint32_t> t(256);
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  uint32_t crc = 0xFFFFFFFFu;
  for (unsigned char byte : bytes) crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

template <typename Word>
void put(Bytes& to, Word value) {
  for (size_t i = 0; i < sizeof(Word); ++i) to.push_back(static_cast<char>(value >> (8 * i)));
}

template <typename Word>
Word get(std::string_view from, size_t at) {
  Word value = 0;
  for (size_t i = 0; i < sizeof(Word); ++i)
    value |= static_cast<Word>(static_cast<unsigned char>(from[at + i])) << (8 * i);
  return value;
}

struct Frame {
  uint16_t kind = 0, version = kVersion;
  uint64_t session = 0;
  uint32_t sequence = 0;
  Bytes payload;
};

inline Bytes encode(const Frame& frame) {
  Bytes out;
  put(out, kMagic);
  put(out, frame.kind);
  put(out, frame.version);
  put(out, frame.session);
  put(out, frame.sequence);
  put(out, static_cast<uint32_t>(frame.payload.size()));
  put(out, crc32(out));
  out += frame.payload;
  put(out, crc32(out));
  return out;
}

class Scanner {
 public:
  uint64_t bad = 0;  // frames with a bad CRC, length or version

  void feed(std::string_view bytes) { buffer_.append(bytes); }
  bool partial() const { return !buffer_.empty(); }

  // Gives up the frame that has begun; what follows it is read again.
  void skip() {
    ++bad;
    buffer_.erase(0, 1);
  }

  // One frame and its bytes.
  std::optional<std::pair<Frame, Bytes>> next() {
    for (;;) {
      find_magic();
      if (buffer_.size() < kHeader) return std::nullopt;
      const std::string_view head(buffer_.data(), kHeader);
      const size_t length = get<uint32_t>(head, 20);
      if (crc32(head.substr(0, 24)) != get<uint32_t>(head, 24) || length > kMaxPayload
          || get<uint16_t>(head, 6) != kVersion) {
        skip();
        continue;
      }
      const size_t total = kHeader + length + kTail;
      if (buffer_.size() < total) return std::nullopt;
      const std::string_view body(buffer_.data(), kHeader + length);
      if (crc32(body) != get<uint32_t>(buffer_, kHeader + length)) {
        skip();
        continue;
      }
      Frame frame;
      frame.kind = get<uint16_t>(head, 4);
      frame.session = get<uint64_t>(head, 8);
      frame.sequence = get<uint32_t>(head, 16);
      frame.payload = buffer_.substr(kHeader, length);
      Bytes raw = buffer_.substr(0, total);
      buffer_.erase(0, total);
      return std::make_pair(std::move(frame), std::move(raw));
    }
  }

 private:
  Bytes buffer_;

  // Drops everything before the first magic, or before what may be the start of one.
  void find_magic() {
    Bytes magic;
    put(magic, kMagic);
    size_t at = buffer_.find(magic);
    if (at == Bytes::npos) {
      at = buffer_.size();
      for (size_t keep = 3; keep > 0; --keep)
        if (buffer_.size() >= keep && !buffer_.compare(buffer_.size() - keep, keep, magic, 0, keep)) {
          at = buffer_.size() - keep;
          break;
        }
    }
    buffer_.erase(0, at);
  }
};
