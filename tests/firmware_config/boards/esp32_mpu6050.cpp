// Runs the sketch for a minute against a simulated MPU-6050 and prints what it notifies.
//
// The chip's oscillator is 1.4 % slow, the loop takes 1 to 15 ms, micros() wraps after 10 s, and at 30 s the loop stalls
// for two seconds, in which the chip's FIFO runs over. Reading number k carries k in every axis, so that its own time is
// known. Argument "mtu23": the computer never asks for a larger MTU. Prints "read HEX" for the description, "chip US" when the chip begins to measure, and "frame US HEX".
#include <cstdio>
#include <cstdlib>

#include SKETCH

static uint64_t now_us = (1ull << 32) - 10000000;
static const uint64_t kBeganUs = now_us;
uint32_t micros() { return uint32_t(now_us); }
uint32_t millis() { return uint32_t(now_us / 1000); }

struct Chip {
  uint8_t registers[128] = {0};
  std::deque<uint8_t> fifo;
  bool has_overflown = false;
  double next_us = 0;
  uint32_t n_made = 0;

  double interval_us() const { return 1e3 * (1 + registers[0x19]) * 1.014; }
  bool is_measuring() const { return registers[0x6A] & 0x40 && registers[0x23] == 0x78 && !(registers[0x6B] & 0x40); }

  void catch_up() {
    while (is_measuring() && next_us <= double(now_us)) {
      const int16_t k = int16_t(n_made++ & 0x7FFF);
      const int16_t axes[6] = {k, int16_t(-k), 2048, int16_t(k / 2), 0, -1};
      for (int16_t value : axes) {
        fifo.push_back(uint16_t(value) >> 8);
        fifo.push_back(uint16_t(value) & 0xFF);
      }
      while (fifo.size() > 1024) {
        fifo.pop_front();
        has_overflown = true;
      }
      next_us += interval_us();
    }
  }

  void write(uint8_t at, uint8_t value) {
    catch_up();
    const bool was_measuring = is_measuring();
    registers[at] = value;
    if (at == 0x6A && value & 0x04) {
      fifo.clear();
      has_overflown = false;
      registers[at] &= ~0x04;
    }
    if (is_measuring() && !was_measuring) {
      next_us = double(now_us) + interval_us();
      printf("chip %.0f %u %.3f\n", next_us - double(kBeganUs), n_made, interval_us());
    }
  }

  uint8_t read(uint8_t at) {
    catch_up();
    if (at == 0x3A) return has_overflown ? 0x10 : 0x00;
    if (at == 0x72) return uint8_t(fifo.size() >> 8);
    if (at == 0x73) return uint8_t(fifo.size() & 0xFF);
    if (at != 0x74) return registers[at];
    if (fifo.empty()) return 0xFF;
    const uint8_t byte = fifo.front();
    fifo.pop_front();
    return byte;
  }
};
static Chip chip;

TwoWire Wire;
void TwoWire::beginTransmission(uint8_t address) {
  if (address != 0x68) abort();
  out_.clear();
}
void TwoWire::write(uint8_t byte) { out_.push_back(byte); }
uint8_t TwoWire::endTransmission(bool) {
  at_ = out_.front();
  for (size_t i = 1; i < out_.size(); i++) chip.write(at_++, out_[i]);
  now_us += 25 * (1 + out_.size());  // 400 kHz, nine bits a byte
  return 0;
}
uint8_t TwoWire::requestFrom(uint8_t, uint8_t n) {
  in_.clear();
  for (uint8_t i = 0; i < n; i++) in_.push_back(chip.read(at_ == 0x74 ? 0x74 : at_++));
  now_us += 25 * (1 + n);
  return n;
}
int TwoWire::read() {
  const int byte = in_.front();
  in_.pop_front();
  return byte;
}

static uint32_t lot = 12345;
void delay(uint32_t) {
  lot = lot * 1664525u + 1013904223u;
  now_us += 1000 + (lot >> 8) % 14000;
}

static void print_bytes(const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%02x", bytes[i]);
  printf("\n");
}

bool NimBLECharacteristic::notify(const uint8_t *bytes, size_t n) {
  printf("frame %llu ", (unsigned long long)(now_us - kBeganUs));
  print_bytes(bytes, n);
  return true;
}

int main(int argc, char **argv) {
  setup();
  if (argc > 1 && std::string(argv[1]) == "mtu23") NimBLEConnInfo::mtu = 23;
  else if (argc > 1) control->write({1, uint8_t(atoi(argv[1])), 0, 8, 0, 0xE8, 0x03, 0, 0});  // rate, 8 g, 1000 deg/s
  loop();
  printf("read ");
  print_bytes(description->value.data(), description->value.size());
  frames->subscribe(1);
  bool has_stalled = false;
  while (now_us - kBeganUs < 60000000) {
    loop();
    if (!has_stalled && now_us - kBeganUs > 30000000) {
      has_stalled = true;
      now_us += 2000000;
    }
  }
  frames->subscribe(0);
  loop();
  if (battery) printf("battery %u\n", battery->value[0]);
  printf("asleep %d\n", chip.registers[0x6B] == 0x40);
}
