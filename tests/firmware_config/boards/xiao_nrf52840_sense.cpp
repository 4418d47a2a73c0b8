// Runs the sketch for a minute against a simulated LSM6DS3TR-C and prints what it notifies.
//
// The chip makes 205 readings a second instead of 208, the loop takes 2 to 17 ms, micros() wraps after 10 s, and at 30 s
// the loop stalls for three seconds, in which the chip's FIFO (341 readings) runs over. Reading number k carries k in
// every axis. Prints the same lines as the ESP32's board. Argument "nochip": the chip does not answer; the others as
// there.
#include SKETCH

#include "computer.h"

static bool has_chip = true;
void delay(uint32_t ms) { now_us += 1000 * ms; }

struct Chip : FifoChip {
  Chip() : FifoChip(4096) {}
  double interval_us() const override {
    const double nominal[] = {52, 104, 208, 416};
    return 1e6 / (nominal[(registers[0x10] >> 4) - 3] * 205 / 208);
  }
  bool is_measuring() const override {
    return (registers[0x0A] & 0x07) == 0x06 && registers[0x08] == 0x09 && registers[0x10];
  }
  bool empties(uint8_t at, uint8_t value) const override { return at == 0x0A && (value & 0x07) == 0; }
  void put_reading(int16_t k) override {  // turn rate first
    for (int16_t value : {int16_t(k / 2), int16_t(0), int16_t(-1), k, int16_t(-k), int16_t(2048)}) {
      fifo.push_back(uint16_t(value) & 0xFF);
      fifo.push_back(uint16_t(value) >> 8);
    }
  }
  uint8_t read(uint8_t at) {
    catch_up();
    const size_t n_words = fifo.size() / 2;
    if (at == 0x3A) return uint8_t(n_words & 0xFF);
    if (at == 0x3B) return uint8_t((n_words >> 8 & 0x07) | (has_overflown ? 0x40 : 0));
    return at == 0x3E ? pop(0) : registers[at];
  }
};
static Chip chip;

status_t LSM6DS3::begin() { return has_chip ? IMU_SUCCESS : IMU_HW_ERROR; }
status_t LSM6DS3Core::writeRegister(uint8_t at, uint8_t value) {
  chip.write(at, value);
  now_us += 75;
  return IMU_SUCCESS;
}
status_t LSM6DS3Core::readRegister(uint8_t *value, uint8_t at) { return readRegisterRegion(value, at, 1); }
status_t LSM6DS3Core::readRegisterRegion(uint8_t *values, uint8_t at, uint8_t n) {
  for (uint8_t i = 0; i < n; i++) values[i] = chip.read(at == 0x3E ? 0x3E : at++);
  now_us += 25 * (2 + n);
  return IMU_SUCCESS;
}

static BLELocalDevice device;
BLELocalDevice &BLE = device;
void BLELocalDevice::poll() { now_us += 2000 + by_lot(15000); }

int BLECharacteristic::writeValue(const uint8_t given[], int n) {
  length_ = std::min(n, size_);
  std::copy(given, given + length_, value_.begin());
  if (is_fixed_length_) length_ = size_;
  if (properties_ & BLENotify && is_subscribed) print_frame(value(), size_t(std::min(length_, mtu - 3)));
  return 1;
}

int main(int argc, char **argv) {
  const std::string asked = argc > 1 ? argv[1] : "";
  has_chip = asked != "nochip";
  setup();
  printf("name %s\n", device.local_name.c_str());
  if (asked == "short") control.receive({1, 50, 0, 8});
  else if (!asked.empty() && has_chip) control.receive({1, uint8_t(atoi(argv[1])), 0, 8, 0, 0xE8, 0x03, 0, 0});
  loop();
  print_bytes("read", description.value(), size_t(description.valueLength()));
  frames.is_subscribed = true;
  run_a_minute(3000000);
  frames.is_subscribed = false;
  loop();
  if (kHasBattery) printf("battery %u\n", level.value()[0]);
  printf("asleep %d\n", chip.registers[0x10] == 0);
}
