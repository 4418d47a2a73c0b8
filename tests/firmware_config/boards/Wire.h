// Double of the I2C bus with one MPU-6050 on it. Signatures: signatures.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>

class TwoWire {
 public:
  void begin() {}
  void setClock(uint32_t) {}
  void beginTransmission(uint8_t address);
  size_t write(uint8_t byte);
  uint8_t endTransmission() { return endTransmission(true); }
  uint8_t endTransmission(bool stop);
  size_t requestFrom(uint8_t address, size_t n);
  int read();

 private:
  std::deque<uint8_t> out_, in_;
  uint8_t at_ = 0;
};
extern TwoWire Wire;
