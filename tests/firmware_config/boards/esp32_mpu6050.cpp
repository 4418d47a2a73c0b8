// Runs the sketch for a minute against a simulated MPU-6050 and prints what it notifies.
//
// The chip's oscillator is 1.4 % slow, the loop takes 1 to 15 ms, micros() wraps after 10 s, and at 30 s the loop stalls
// for two seconds, in which the chip's FIFO runs over. Reading number k carries k in every axis, so that its own time is
// known. Argument "mtu23": the computer never asks for a larger MTU; a number: it asks for that rate; "short": it writes
// less than a control write. Prints "read HEX" for the description, "chip US" when the chip begins to measure, and
// "frame US HEX".
#include SKETCH

#include "computer.h"

struct Chip : FifoChip {
  Chip() : FifoChip(1024) {}
  double interval_us() const override { return 1e3 * (1 + registers[0x19]) * 1.014; }
  bool is_measuring() const override {
    return registers[0x6A] & 0x40 && registers[0x23] == 0x78 && !(registers[0x6B] & 0x40);
  }
  bool empties(uint8_t at, uint8_t value) const override { return at == 0x6A && value & 0x04; }
  void put_reading(int16_t k) override {
    for (int16_t value : {k, int16_t(-k), int16_t(2048), int16_t(k / 2), int16_t(0), int16_t(-1)}) {
      fifo.push_back(uint16_t(value) >> 8);
      fifo.push_back(uint16_t(value) & 0xFF);
    }
  }
  uint8_t read(uint8_t at) {
    catch_up();
    if (at == 0x3A) return has_overflown ? 0x10 : 0x00;
    if (at == 0x72) return uint8_t(fifo.size() >> 8);
    if (at == 0x73) return uint8_t(fifo.size() & 0xFF);
    return at == 0x74 ? pop(0xFF) : registers[at];
  }
};
static Chip chip;

TwoWire Wire;
void TwoWire::beginTransmission(uint8_t address) {
  if (address != 0x68) abort();
  out_.clear();
}
size_t TwoWire::write(uint8_t byte) {
  out_.push_back(byte);
  return 1;
}
uint8_t TwoWire::endTransmission(bool) {
  at_ = out_.front();
  for (size_t i = 1; i < out_.size(); i++) chip.write(at_++, out_[i]);
  now_us += 25 * (1 + out_.size());  // 400 kHz, nine bits a byte
  return 0;
}
size_t TwoWire::requestFrom(uint8_t, size_t n) {
  in_.clear();
  for (size_t i = 0; i < n; i++) in_.push_back(chip.read(at_ == 0x74 ? 0x74 : at_++));
  now_us += 25 * (1 + n);
  return n;
}
int TwoWire::read() {
  const int byte = in_.front();
  in_.pop_front();
  return byte;
}

void delay(uint32_t) { now_us += 1000 + by_lot(14000); }

bool NimBLECharacteristic::notify(const uint8_t *bytes, size_t n, uint16_t) const {
  print_frame(bytes, std::min<size_t>(n, NimBLEConnInfo::mtu - 3));
  return true;
}

int main(int argc, char **argv) {
  const std::string asked = argc > 1 ? argv[1] : "";
  setup();
  if (NimBLEServer::owns_callbacks) abort();  // they are static: the server would delete what was never allocated
  if (asked == "mtu23") NimBLEConnInfo::mtu = 23;
  else if (asked == "short") control->write({1, 50, 0, 8});
  else if (!asked.empty()) control->write({1, uint8_t(atoi(argv[1])), 0, 8, 0, 0xE8, 0x03, 0, 0});  // 8 g, 1000 deg/s
  loop();
  print_bytes("read", description->value.data(), description->value.size());
  frames->subscribe(1);
  run_a_minute(2000000);
  frames->subscribe(0);
  loop();
  if (battery) printf("battery %u\n", battery->value[0]);
  printf("asleep %d\n", chip.registers[0x6B] == 0x40);
}
