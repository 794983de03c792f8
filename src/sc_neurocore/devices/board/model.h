// The design: its clock, its bus, and its live memories.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "Vboard.h"
#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

enum class Answer { kDone, kRefused, kSilent };

struct Memory {
  std::string name;
  int bank;
  uint64_t words, bits, stride;
  unsigned char* data;

  unsigned char& byte(uint64_t word, uint64_t bit) const { return data[word * stride + bit / 8]; }
  bool get(uint64_t word, uint64_t bit) const { return byte(word, bit) >> (bit % 8) & 1; }
  void set(uint64_t word, uint64_t bit, bool value) const {
    unsigned char& b = byte(word, bit);
    b = static_cast<unsigned char>((b & ~(1u << (bit % 8))) | (unsigned{value} << (bit % 8)));
  }
};

struct StuckBit {
  size_t memory;
  uint64_t word, bit;
  bool value;
};

class Model {
 public:
  uint64_t clocks = 0;  // since the process started, power losses included
  std::vector<Memory> memories;
  std::vector<StuckBit> stuck;
  uint64_t upset_at = UINT64_MAX;  // the clock of the next upset
  std::function<void()> upset;

  explicit Model(uint64_t seed) : seed_(seed) { power_up(); }

  // Everything as after configuration: memories from their files, registers reset.
  void power_up() {
    if (top_) top_->final();
    top_.reset();
    context_ = std::make_unique<VerilatedContext>();
    context_->randReset(2);
    context_->randSeed(static_cast<int>(seed_ % 0x7FFFFFFF) + 1);
    top_ = std::make_unique<Vboard>(context_.get());
    find_memories();
    idle();
    top_->rst_n = 0;
    advance(8);
    top_->rst_n = 1;
    clock();
  }

  void advance(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) clock();
  }

  Answer write(uint32_t address, uint32_t value);
  Answer read(uint32_t address, uint32_t& value);

 private:
  static constexpr int kPatience = 4096;  // clocks for which the bus may not answer
  uint64_t seed_;
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vboard> top_;

  void idle();
  void settle() {
    top_->clk = 0;
    top_->eval();
  }
  void edge() {
    top_->clk = 1;
    top_->eval();
    ++clocks;
    for (const StuckBit& s : stuck) memories[s.memory].set(s.word, s.bit, s.value);
    if (clocks >= upset_at) upset();
  }
  void clock() {
    settle();
    edge();
  }

  void find_memories() {
    memories.clear();
    for (const auto& [name, scope] : *context_->scopeNameMap()) {
      if (!scope->varsp()) continue;
      const VerilatedVar* bank = scope->varFind("BANK");
      for (const auto& [variable, var] : *scope->varsp()) {
        if (var.udims() != 1) continue;
        memories.push_back({std::string(name) + "." + variable,
                            bank ? *static_cast<const int*>(bank->datap()) : -1,
                            static_cast<uint64_t>(var.elements(1)), var.entBits(), var.entSize(),
                            static_cast<unsigned char*>(var.datap())});
      }
    }
  }
};

#if BUS_AXI_LITE

inline void Model::idle() {
  top_->s_axi_awvalid = top_->s_axi_wvalid = top_->s_axi_arvalid = 0;
  top_->s_axi_bready = top_->s_axi_rready = 0;
}

inline Answer Model::write(uint32_t address, uint32_t value) {
  top_->s_axi_awaddr = address;
  top_->s_axi_wdata = value;
  top_->s_axi_wstrb = 0xF;
  top_->s_axi_awvalid = top_->s_axi_wvalid = top_->s_axi_bready = 1;
  for (int i = 0; i < kPatience; ++i) {
    settle();
    const bool addressed = top_->s_axi_awvalid && top_->s_axi_awready;
    const bool filled = top_->s_axi_wvalid && top_->s_axi_wready;
    const bool answered = top_->s_axi_bvalid;
    const int response = top_->s_axi_bresp;
    edge();
    if (addressed) top_->s_axi_awvalid = 0;
    if (filled) top_->s_axi_wvalid = 0;
    if (answered) {
      idle();
      return response == 0 ? Answer::kDone : Answer::kRefused;
    }
  }
  idle();
  return Answer::kSilent;
}

inline Answer Model::read(uint32_t address, uint32_t& value) {
  top_->s_axi_araddr = address;
  top_->s_axi_arvalid = top_->s_axi_rready = 1;
  for (int i = 0; i < kPatience; ++i) {
    settle();
    const bool addressed = top_->s_axi_arvalid && top_->s_axi_arready;
    const bool answered = top_->s_axi_rvalid;
    const int response = top_->s_axi_rresp;
    value = top_->s_axi_rdata;
    edge();
    if (addressed) top_->s_axi_arvalid = 0;
    if (answered) {
      idle();
      return response == 0 ? Answer::kDone : Answer::kRefused;
    }
  }
  idle();
  return Answer::kSilent;
}

#else  // Wishbone B4, pipelined

inline void Model::idle() { top_->wb_cyc_i = top_->wb_stb_i = top_->wb_we_i = 0; }

inline Answer Model::write(uint32_t address, uint32_t value) {
  top_->wb_dat_i = value;
  top_->wb_we_i = 1;
  return read(address, value);
}

inline Answer Model::read(uint32_t address, uint32_t& value) {
  top_->wb_adr_i = address;
  top_->wb_sel_i = 0xF;
  top_->wb_cyc_i = top_->wb_stb_i = 1;
  for (int i = 0; i < kPatience; ++i) {
    settle();
    const bool taken = top_->wb_stb_i && !top_->wb_stall_o;
    const bool done = top_->wb_ack_o, refused = top_->wb_err_o;
    value = top_->wb_dat_o;
    edge();
    if (taken) top_->wb_stb_i = 0;
    if (done || refused) {
      idle();
      return refused ? Answer::kRefused : Answer::kDone;
    }
  }
  idle();
  return Answer::kSilent;
}

#endif
