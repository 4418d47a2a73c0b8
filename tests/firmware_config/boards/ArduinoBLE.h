// Double of ArduinoBLE, as far as our sketch uses it: a computer is connected from the start; the test subscribes and
// writes. Each poll lets time go on. Signatures: signatures.cpp. As mean as the library: a value that is declared of
// fixed length is sent and received whole, whatever of it was written; one that is too long is cut
// (src/local/BLELocalCharacteristic.cpp), a notification to what the connection's packets hold.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

enum : uint8_t { BLERead = 0x02, BLEWrite = 0x08, BLENotify = 0x10 };

class BLECharacteristic {
 public:
  BLECharacteristic(const char *, uint8_t properties, int size, bool is_fixed_length = false)
      : size_(size), properties_(properties), is_fixed_length_(is_fixed_length) {
    value_.resize(size_t(size));
  }
  virtual ~BLECharacteristic() = default;
  int writeValue(const uint8_t bytes[], int n);
  bool written() {
    const bool was = is_written_;
    is_written_ = false;
    return was;
  }
  int valueLength() const { return length_; }
  const uint8_t *value() const { return value_.data(); }
  bool subscribed() { return is_subscribed; }

  // What the computer does.
  void receive(const std::vector<uint8_t> &bytes) {
    writeValue(bytes.data(), int(bytes.size()));
    is_written_ = true;
  }
  bool is_subscribed = false;
  static inline int mtu = 247;  // of the one connection; 23 where the computer never asks for more

 private:
  int size_, length_ = 0;
  uint8_t properties_;
  bool is_fixed_length_, is_written_ = false;
  std::vector<uint8_t> value_;
};

class BLEService {
 public:
  explicit BLEService(const char *) {}
  void addCharacteristic(BLECharacteristic &) {}
};

class BLELocalDevice {
 public:
  virtual ~BLELocalDevice() = default;
  virtual int begin() { return 1; }
  virtual bool setLocalName(const char *name) {
    local_name = name;
    return true;
  }
  virtual bool setAdvertisedService(const BLEService &) { return true; }
  virtual void setConnectionInterval(uint16_t, uint16_t) {}
  virtual void addService(BLEService &) {}
  virtual int advertise() { return 1; }
  virtual void poll();
  virtual bool connected() const { return true; }

  std::string local_name;
};
extern BLELocalDevice &BLE;
