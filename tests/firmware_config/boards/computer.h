// What the simulations of both boards share: the clock, a queue of readings with its overrun, and what is printed.
#pragma once
#include <Arduino.h>

#include <cstdio>
#include <cstdlib>
#include <deque>

static uint64_t now_us = (1ull << 32) - 10000000;  // micros() wraps after 10 s
static const uint64_t kBeganUs = now_us;
unsigned long micros() { return uint32_t(now_us); }
unsigned long millis() { return uint32_t(now_us / 1000); }

// From 0 to `n` - 1, the same in every run.
inline uint32_t by_lot(uint32_t n) {
  static uint32_t lot = 12345;
  lot = lot * 1664525u + 1013904223u;
  return (lot >> 8) % n;
}

inline void print_bytes(const char *what, const uint8_t *bytes, size_t n) {
  printf("%s ", what);
  for (size_t i = 0; i < n; i++) printf("%02x", bytes[i]);
  printf("\n");
}

inline void print_frame(const uint8_t *bytes, size_t n) {
  printf("frame %llu ", (unsigned long long)(now_us - kBeganUs));
  print_bytes("", bytes, n);
}

// A minute of the sketch's loop, in which it stalls for `stall_us` after half of it.
inline void run_a_minute(uint64_t stall_us) {
  bool has_stalled = false;
  while (now_us - kBeganUs < 60000000) {
    loop();
    if (!has_stalled && now_us - kBeganUs > 30000000) {
      has_stalled = true;
      now_us += stall_us;
    }
  }
}

// A chip's registers and its FIFO, into which readings go at their times.
class FifoChip {
 public:
  explicit FifoChip(size_t n_bytes) : n_bytes_(n_bytes) {}
  virtual ~FifoChip() = default;

  uint8_t registers[128] = {0};
  std::deque<uint8_t> fifo;
  bool has_overflown = false;

  virtual double interval_us() const = 0;
  virtual bool is_measuring() const = 0;
  virtual void put_reading(int16_t k) = 0;
  virtual bool empties(uint8_t at, uint8_t value) const = 0;

  void catch_up() {
    while (is_measuring() && next_us_ <= double(now_us)) {
      put_reading(int16_t(n_made_++ & 0x7FFF));
      while (fifo.size() > n_bytes_) {
        fifo.pop_front();
        has_overflown = true;
      }
      next_us_ += interval_us();
    }
  }

  void write(uint8_t at, uint8_t value) {
    catch_up();
    const bool was_measuring = is_measuring();
    registers[at] = value;
    if (empties(at, value)) {
      fifo.clear();
      has_overflown = false;
    }
    if (is_measuring() && !was_measuring) {
      next_us_ = double(now_us) + interval_us();
      printf("chip %.0f %u %.3f\n", next_us_ - double(kBeganUs), n_made_, interval_us());
    }
  }

  uint8_t pop(uint8_t otherwise) {
    if (fifo.empty()) return otherwise;
    const uint8_t byte = fifo.front();
    fifo.pop_front();
    return byte;
  }

 private:
  size_t n_bytes_;
  double next_us_ = 0;
  uint32_t n_made_ = 0;
};
