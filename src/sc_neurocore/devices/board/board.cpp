// The virtual board: a design's RTL behind a local socket.
//
//   board unix PATH SEED | board tcp PORT SEED       (lines of "about" on standard input, then an
//   empty line; the board ends when standard input does, and removes its working directory)
//
// Prints "listening unix PATH" or "listening tcp PORT" when it can be connected to. The design's
// clock runs only while a frame is executed, so what happens depends on frames alone, not on time.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "board.h"

double sc_time_stamp() { return 0; }

namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kClients = 64, kBacklog = 4 << 20;
constexpr auto kGap = std::chrono::milliseconds(200);  // longest pause within a frame

struct Held {
  Clock::time_point when;
  Bytes bytes;
};

struct Client {
  int fd;
  Scanner scanner;
  Clock::time_point heard{}, free{};  // the slow line is free again
  std::deque<Held> held;              // in order of their time
  Bytes outgoing;
  bool dead = false;
};

class Server {
 public:
  Server(int listener, Board& board) : listener_(listener), board_(board) {}

  void serve() {
    for (;;) {
      std::vector<pollfd> polled = {{0, POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const Client& c : clients_)
        polled.push_back({c.fd, static_cast<short>(POLLIN | (c.outgoing.empty() ? 0 : POLLOUT)), 0});
      poll(polled.data(), polled.size(), wait());
      if (polled[0].revents && owner_gone()) return;
      size_t index = 2;
      for (Client& c : clients_) {
        const short events = polled[index++].revents;
        if (events & (POLLIN | POLLHUP | POLLERR)) receive(c);
        if (!c.scanner.partial()) continue;
        if (!(events & POLLIN) && Clock::now() - c.heard > kGap) {
          c.scanner.skip();
          drain(c);
        }
      }
      release();
      clients_.remove_if([](const Client& c) {
        if (c.dead) close(c.fd);
        return c.dead;
      });
      if (polled[1].revents) accept_client();
    }
  }

 private:
  int listener_;
  Board& board_;
  std::list<Client> clients_;

  static bool owner_gone() {
    char ignored[256];
    return read(0, ignored, sizeof ignored) <= 0;
  }

  void accept_client() {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    if (clients_.size() >= kClients) {
      close(fd);
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    clients_.push_back({fd, {}, Clock::now(), Clock::now(), {}, "", false});
  }

  // Milliseconds until something is due, -1 for never.
  int wait() const {
    auto due = Clock::time_point::max();
    for (const Client& c : clients_) {
      if (!c.held.empty()) due = std::min(due, c.held.front().when);
      if (c.scanner.partial()) due = std::min(due, c.heard + kGap);
    }
    if (due == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()).count();
    return static_cast<int>(std::max<long>(0, left));
  }

  void receive(Client& c) {
    char buffer[65536];
    const ssize_t got = read(c.fd, buffer, sizeof buffer);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
      c.dead = true;
      return;
    }
    if (got < 0) return;
    c.heard = Clock::now();
    c.scanner.feed({buffer, static_cast<size_t>(got)});
    drain(c);
  }

  void drain(Client& c) {
    while (auto found = c.scanner.next()) arrive(c, found->first, found->second);
    board_.damaged += c.scanner.bad;
    c.scanner.bad = 0;
  }

  std::string name(const Frame& f) const {
    return "session=" + std::to_string(f.session) + " frame=" + std::to_string(f.sequence);
  }

  // A request at the end of the line, on which anything may have happened to it.
  void arrive(Client& c, const Frame& frame, const Bytes& raw) {
    if (Board::on_bench(frame)) {
      c.outgoing += board_.measure(frame);
      return;
    }
    Faults& faults = board_.faults;
    if (faults.strikes("link.lost")) {
      faults.note("link.lost", board_.clocks(), "request " + name(frame));
      return;
    }
    if (faults.strikes("link.corrupted")) {
      Bytes bad = raw;
      damage(bad, "request " + name(frame));
      Scanner other;
      other.feed(bad);
      if (auto found = other.next())
        answer(c, found->first, bad.size());  // one in 2**32
      else
        ++board_.damaged;
      return;
    }
    int times = 1;
    if (faults.strikes("link.duplicated")) {
      faults.note("link.duplicated", board_.clocks(), "request " + name(frame));
      times = 2;
    }
    while (times--) answer(c, frame, raw.size());
  }

  void answer(Client& c, const Frame& frame, size_t request) {
    std::optional<Bytes> out = board_.answer(frame);
    if (!out) return;
    Faults& faults = board_.faults;
    if (faults.strikes("link.lost")) {
      faults.note("link.lost", board_.clocks(), "reply " + name(frame));
      return;
    }
    if (faults.strikes("link.corrupted")) damage(*out, "reply " + name(frame));
    int times = 1;
    if (faults.strikes("link.duplicated")) {
      faults.note("link.duplicated", board_.clocks(), "reply " + name(frame));
      times = 2;
    }
    auto when = Clock::now();
    if (const double speed = faults.rates.at("link.bytes_per_s"); speed > 0) {
      const auto size = static_cast<double>(request + out->size() * times);
      const auto taken = std::chrono::microseconds(static_cast<long>(1e6 * size / speed));
      when = c.free = std::max(when, c.free) + taken;
    }
    if (faults.strikes("link.delayed")) {
      when += std::chrono::milliseconds(static_cast<long>(faults.rates.at("link.delay_ms")));
      faults.note("link.delayed", board_.clocks(), "reply " + name(frame));
    }
    while (times--) {
      auto at = c.held.end();
      while (at != c.held.begin() && std::prev(at)->when > when) --at;
      c.held.insert(at, {when, *out});
    }
    release();
  }

  void damage(Bytes& bytes, const std::string& what) {
    const uint64_t bit = board_.faults.random.below(8 * bytes.size());
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    board_.faults.note("link.corrupted", board_.clocks(), what + " bit=" + std::to_string(bit));
  }

  void release() {
    const auto now = Clock::now();
    for (Client& c : clients_) {
      while (!c.held.empty() && c.held.front().when <= now) {
        c.outgoing += c.held.front().bytes;
        c.held.pop_front();
      }
      if (c.outgoing.size() > kBacklog) c.dead = true;  // it does not read
      if (c.outgoing.empty() || c.dead) continue;
      const ssize_t sent = send(c.fd, c.outgoing.data(), c.outgoing.size(), MSG_NOSIGNAL);
      if (sent > 0) c.outgoing.erase(0, static_cast<size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) c.dead = true;
    }
  }
};

[[noreturn]] void fail(const char* what) {
  std::printf("error: %s: %s\n", what, std::strerror(errno));
  std::exit(3);
}

int listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail("the socket's path");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  umask(0177);  // for its owner alone
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) || listen(fd, 64))
    fail("the socket cannot be opened");
  std::printf("listening unix %s\n", path.c_str());
  return fd;
}

int listen_tcp(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) || listen(fd, 64))
    fail("the port cannot be opened");
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("listening tcp %d\n", ntohs(address.sin_port));
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::string about;
  for (std::string line;;) {
    char c;
    if (read(0, &c, 1) != 1) return 2;
    if (c != '\n') {
      line += c;
      continue;
    }
    if (line.empty()) break;
    about += line + "\n";
    line.clear();
  }
  Board board(std::strtoull(argv[3], nullptr, 10), about);
  const std::string way = argv[1];
  const int listener = way == "unix" ? listen_unix(argv[2]) : listen_tcp(std::atoi(argv[2]));
  std::fflush(stdout);
  Server(listener, board).serve();
  if (way == "unix") unlink(argv[2]);
  // Its directory is its own; an owner that was killed could not remove it.
  std::error_code ignored;
  std::filesystem::remove_all(std::filesystem::current_path(ignored), ignored);
  return 0;
}
