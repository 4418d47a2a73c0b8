// Double of Seeed's library: only its registers are used. Signatures: signatures.cpp.
#pragma once
#include <cstdint>

#define I2C_MODE 0

typedef enum { IMU_SUCCESS, IMU_HW_ERROR } status_t;

class LSM6DS3Core {
 public:
  status_t writeRegister(uint8_t at, uint8_t value);
  status_t readRegister(uint8_t *value, uint8_t at);
  status_t readRegisterRegion(uint8_t *values, uint8_t at, uint8_t n);
};

class LSM6DS3 : public LSM6DS3Core {
 public:
  LSM6DS3(uint8_t = I2C_MODE, uint8_t = 0x6A) {}
  status_t begin();
};
