// Double of ArduinoBLE, as far as our sketch uses it: a computer is connected from the start; the test subscribes and
// writes. Each poll lets time go on.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

enum : uint8_t { BLERead = 0x02, BLEWrite = 0x08, BLENotify = 0x10 };

class BLECharacteristic {
 public:
  BLECharacteristic(const char *, uint8_t properties, int size, bool) : size_(size), properties_(properties) {}
  int writeValue(const uint8_t *bytes, int n);
  bool written() {
    const bool was = is_written;
    is_written = false;
    return was;
  }
  int valueLength() const { return int(bytes.size()); }
  const uint8_t *value() const { return bytes.data(); }
  bool subscribed() const { return is_subscribed; }

  std::vector<uint8_t> bytes;
  bool is_written = false, is_subscribed = false;

 private:
  int size_;
  uint8_t properties_;
};

class BLEService {
 public:
  explicit BLEService(const char *) {}
  void addCharacteristic(BLECharacteristic &) {}
};

class BLELocalDevice {
 public:
  int begin() { return 1; }
  void setLocalName(const char *name) { local_name = name; }
  void setAdvertisedService(const BLEService &) {}
  void setConnectionInterval(uint16_t, uint16_t) {}
  void addService(BLEService &) {}
  void advertise() {}
  void poll();
  bool connected() const { return true; }

  std::string local_name;
};
extern BLELocalDevice BLE;
