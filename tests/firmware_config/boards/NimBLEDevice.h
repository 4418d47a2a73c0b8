// Double of NimBLE-Arduino 2.x, as far as our sketch uses it. A computer is connected from the start; the test subscribes
// and writes. Signatures: signatures.cpp. As mean as the library: a notification is cut to what the connection's packets
// hold, and callbacks given away are deleted with the server.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

typedef enum { READ = 2, WRITE = 8, NOTIFY = 16 } NIMBLE_PROPERTY;
static const uint16_t BLE_HS_CONN_HANDLE_NONE = 0xFFFF, BLE_ATT_ATTR_MAX_LEN = 512;

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
  bool notify(uint16_t to = BLE_HS_CONN_HANDLE_NONE) const { return notify(value.data(), value.size(), to); }
  bool notify(const uint8_t *bytes, size_t n, uint16_t to = BLE_HS_CONN_HANDLE_NONE) const;
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
  explicit NimBLEService(std::string uuid) : uuid_{std::move(uuid)} {}
  NimBLECharacteristic *createCharacteristic(const char *uuid, uint32_t = READ | WRITE, uint16_t = BLE_ATT_ATTR_MAX_LEN) {
    return new NimBLECharacteristic(uuid);
  }
  bool start() { return true; }
  const NimBLEUUID &getUUID() const { return uuid_; }

 private:
  NimBLEUUID uuid_;
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
  void setCallbacks(NimBLEServerCallbacks *, bool are_given_away = true) { owns_callbacks = are_given_away; }
  NimBLEService *createService(const char *uuid) { return new NimBLEService(uuid); }
  void updateConnParams(uint16_t, uint16_t, uint16_t, uint16_t, uint16_t) const {}

  static inline bool owns_callbacks = false;
};

class NimBLEAddress;
class NimBLEAdvertising {
 public:
  bool addServiceUUID(const NimBLEUUID &) { return true; }
  bool setName(const std::string &) { return true; }
  void enableScanResponse(bool) {}
  bool start(uint32_t = 0, const NimBLEAddress * = nullptr) { return true; }
};

class NimBLEDevice {
 public:
  static bool init(const std::string &) { return true; }
  static bool setMTU(uint16_t) { return true; }
  static bool startAdvertising(uint32_t = 0) { return true; }
  static NimBLEServer *createServer() { return new NimBLEServer; }
  static NimBLEAdvertising *getAdvertising() {
    static NimBLEAdvertising one;
    return &one;
  }
};
