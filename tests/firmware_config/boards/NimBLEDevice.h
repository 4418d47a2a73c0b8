// Double of NimBLE-Arduino 2.x, as far as our sketch uses it: signatures as in its examples/NimBLE_Server. A computer
// is connected from the start; the test subscribes and writes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace NIMBLE_PROPERTY {
enum : uint32_t { READ = 2, WRITE = 8, NOTIFY = 16 };
}

struct NimBLEUUID {
  std::string text;
};

class NimBLEConnInfo {
 public:
  uint16_t getConnHandle() const { return 1; }
  uint16_t getMTU() const { return mtu; }

  static inline uint16_t mtu = 247;  // of the one connection; 23 where the computer never asks for more
};

class NimBLEAttValue {
 public:
  NimBLEAttValue() = default;
  explicit NimBLEAttValue(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  const uint8_t *data() const { return bytes_.data(); }
  uint16_t length() const { return uint16_t(bytes_.size()); }

 private:
  std::vector<uint8_t> bytes_;
};

class NimBLECharacteristic;
class NimBLECharacteristicCallbacks {
 public:
  virtual ~NimBLECharacteristicCallbacks() = default;
  virtual void onSubscribe(NimBLECharacteristic *, NimBLEConnInfo &, uint16_t) {}
  virtual void onWrite(NimBLECharacteristic *, NimBLEConnInfo &) {}
};

class NimBLECharacteristic {
 public:
  explicit NimBLECharacteristic(std::string uuid) : uuid(std::move(uuid)) {}
  void setCallbacks(NimBLECharacteristicCallbacks *callbacks) { callbacks_ = callbacks; }
  void setValue(const uint8_t *bytes, size_t n) { value.assign(bytes, bytes + n); }
  NimBLEAttValue getValue() const { return NimBLEAttValue(value); }
  bool notify(const uint8_t *bytes, size_t n);
  bool notify() { return notify(value.data(), value.size()); }
  void subscribe(uint16_t to) {
    NimBLEConnInfo who;
    callbacks_->onSubscribe(this, who, to);
  }
  void write(std::vector<uint8_t> bytes) {
    NimBLEConnInfo who;
    value = std::move(bytes);
    callbacks_->onWrite(this, who);
  }

  std::string uuid;
  std::vector<uint8_t> value;

 private:
  NimBLECharacteristicCallbacks *callbacks_ = nullptr;
};

class NimBLEService {
 public:
  explicit NimBLEService(std::string uuid) : uuid_(std::move(uuid)) {}
  NimBLECharacteristic *createCharacteristic(const char *uuid, uint32_t) { return new NimBLECharacteristic(uuid); }
  bool start() { return true; }
  NimBLEUUID getUUID() const { return {uuid_}; }

 private:
  std::string uuid_;
};

class NimBLEServer;
class NimBLEServerCallbacks {
 public:
  virtual ~NimBLEServerCallbacks() = default;
  virtual void onConnect(NimBLEServer *, NimBLEConnInfo &) {}
  virtual void onDisconnect(NimBLEServer *, NimBLEConnInfo &, int) {}
};

class NimBLEServer {
 public:
  void setCallbacks(NimBLEServerCallbacks *) {}
  NimBLEService *createService(const char *uuid) { return new NimBLEService(uuid); }
  void updateConnParams(uint16_t, uint16_t, uint16_t, uint16_t, uint16_t) {}
};

class NimBLEAdvertising {
 public:
  void addServiceUUID(const NimBLEUUID &) {}
  void setName(const std::string &) {}
  void enableScanResponse(bool) {}
  bool start() { return true; }
};

class NimBLEDevice {
 public:
  static bool init(const std::string &) { return true; }
  static bool setMTU(uint16_t) { return true; }
  static bool startAdvertising() { return true; }
  static NimBLEServer *createServer() { return new NimBLEServer; }
  static NimBLEAdvertising *getAdvertising() {
    static NimBLEAdvertising one;
    return &one;
  }
};
