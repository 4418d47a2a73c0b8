// Runs the sketch for a minute against a simulated LSM6DS3TR-C and prints what it notifies.
//
// The chip makes 205 readings a second instead of 208, the loop takes 2 to 17 ms, micros() wraps after 10 s, and at 30 s
// the loop stalls for three seconds, in which the chip's FIFO (341 readings) runs over. Reading number k carries k in
// every axis. Prints the same lines as the ESP32's board. Argument "nochip": the chip does not answer.
#include <cstdio>
#include <cstdlib>
#include <deque>

#include SKETCH

static uint64_t now_us = (1ull << 32) - 10000000;
static const uint64_t kBeganUs = now_us;
static bool has_chip = true;
uint32_t micros() { return uint32_t(now_us); }
uint32_t millis() { return uint32_t(now_us / 1000); }
void delay(uint32_t ms) { now_us += 1000 * ms; }

struct Chip {
  uint8_t registers[128] = {0};
  std::deque<uint8_t> fifo;
  bool has_overflown = false;
  double next_us = 0;
  uint32_t n_made = 0;

  double interval_us() const {
    const double nominal[] = {52, 104, 208, 416};
    return 1e6 / (nominal[(registers[0x10] >> 4) - 3] * 205 / 208);
  }
  bool is_measuring() const { return (registers[0x0A] & 0x07) == 0x06 && registers[0x08] == 0x09 && registers[0x10]; }

  void catch_up() {
    while (is_measuring() && next_us <= double(now_us)) {
      const int16_t k = int16_t(n_made++ & 0x7FFF);
      const int16_t axes[6] = {int16_t(k / 2), 0, -1, k, int16_t(-k), 2048};  // turn rate first
      for (int16_t value : axes) {
        fifo.push_back(uint16_t(value) & 0xFF);
        fifo.push_back(uint16_t(value) >> 8);
      }
      while (fifo.size() > 4096) {
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
    if (at == 0x0A && (value & 0x07) == 0) {
      fifo.clear();
      has_overflown = false;
    }
    if (is_measuring() && !was_measuring) {
      next_us = double(now_us) + interval_us();
      printf("chip %.0f %u %.3f\n", next_us - double(kBeganUs), n_made, interval_us());
    }
  }

  uint8_t read(uint8_t at) {
    catch_up();
    const size_t n_words = fifo.size() / 2;
    if (at == 0x3A) return uint8_t(n_words & 0xFF);
    if (at == 0x3B) return uint8_t((n_words >> 8 & 0x07) | (has_overflown ? 0x40 : 0));
    if (at != 0x3E || fifo.empty()) return registers[at];
    const uint8_t byte = fifo.front();
    fifo.pop_front();
    return byte;
  }
};
static Chip chip;

status_t LSM6DS3::begin() { return has_chip ? IMU_SUCCESS : IMU_HW_ERROR; }
status_t LSM6DS3::writeRegister(uint8_t at, uint8_t value) {
  chip.write(at, value);
  now_us += 75;
  return IMU_SUCCESS;
}
status_t LSM6DS3::readRegister(uint8_t *value, uint8_t at) { return readRegisterRegion(value, at, 1); }
status_t LSM6DS3::readRegisterRegion(uint8_t *values, uint8_t at, uint8_t n) {
  for (uint8_t i = 0; i < n; i++) values[i] = chip.read(at == 0x3E ? 0x3E : at++);
  now_us += 25 * (2 + n);
  return IMU_SUCCESS;
}

static uint32_t lot = 12345;
BLELocalDevice BLE;
void BLELocalDevice::poll() {
  lot = lot * 1664525u + 1013904223u;
  now_us += 2000 + (lot >> 8) % 15000;
}

static void print_bytes(const uint8_t *bytes, size_t n) {
  for (size_t i = 0; i < n; i++) printf("%02x", bytes[i]);
  printf("\n");
}

int BLECharacteristic::writeValue(const uint8_t *given, int n) {
  if (n > size_) abort();
  bytes.assign(given, given + n);
  if (properties_ == BLENotify) {
    printf("frame %llu ", (unsigned long long)(now_us - kBeganUs));
    print_bytes(given, size_t(n));
  }
  return 1;
}

int main(int argc, char **argv) {
  has_chip = argc < 2 || std::string(argv[1]) != "nochip";
  setup();
  printf("name %s\n", BLE.local_name.c_str());
  if (argc > 1 && has_chip) {
    control.bytes = {1, uint8_t(atoi(argv[1])), 0, 8, 0, 0xE8, 0x03, 0, 0};  // rate, 8 g, 1000 deg/s
    control.is_written = true;
  }
  loop();
  printf("read ");
  print_bytes(description.bytes.data(), description.bytes.size());
  frames.is_subscribed = true;
  bool has_stalled = false;
  while (now_us - kBeganUs < 60000000) {
    loop();
    if (!has_stalled && now_us - kBeganUs > 30000000) {
      has_stalled = true;
      now_us += 3000000;
    }
  }
  frames.is_subscribed = false;
  loop();
  printf("asleep %d\n", chip.registers[0x10] == 0);
}
