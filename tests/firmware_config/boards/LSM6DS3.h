// Double of Seeed's library: only its registers are used.
#pragma once
#include <cstdint>

enum status_t { IMU_SUCCESS, IMU_HW_ERROR };
enum { I2C_MODE };

class LSM6DS3 {
 public:
  LSM6DS3(uint8_t, uint8_t) {}
  status_t begin();
  status_t writeRegister(uint8_t at, uint8_t value);
  status_t readRegister(uint8_t *value, uint8_t at);
  status_t readRegisterRegion(uint8_t *values, uint8_t at, uint8_t n);
};
