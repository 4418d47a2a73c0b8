// The doubles have the signatures of the libraries: this compiles where they do. Read in the public sources of
//
// - NimBLE-Arduino 2.x, h2zero (Apache-2.0), src/: NimBLECharacteristic.h (commit 9084b03), NimBLEAdvertising.h,
//   NimBLEServer.h, NimBLEValueAttribute.h, NimBLEAttribute.h, NimBLEDevice.h
// - ArduinoBLE, arduino-libraries (LGPL-2.1), src/: local/BLELocalDevice.h (e2868a7), BLECharacteristic.h (9e15c78)
// - Seeed Arduino LSM6DS3 (MIT), LSM6DS3.h (6a71121)
// - Wire of arduino-esp32 (LGPL-2.1), libraries/Wire/src/Wire.h (0454e3a); its analogReadMilliVolts by its documentation
// - ArduinoCore-API (LGPL-2.1), api/Common.h, on which the XIAO's core is built
//
// A sketch may call nothing that is not named here: test_boards.py looks for that.
#include <Arduino.h>
#include <ArduinoBLE.h>
#include <LSM6DS3.h>
#include <NimBLEDevice.h>
#include <Wire.h>

#include <tuple>
#include <type_traits>

// clang-format off
template <typename Signature, Signature> struct Has {};

using Core = std::tuple<
    Has<unsigned long (*)(), &micros>,
    Has<unsigned long (*)(), &millis>,
    Has<void (*)(uint32_t), &delay>,
    Has<uint32_t (*)(uint8_t), &analogReadMilliVolts>,
    Has<void (*)(pin_size_t, PinMode), &pinMode>,
    Has<void (*)(pin_size_t, PinStatus), &digitalWrite>,
    Has<int (*)(pin_size_t), &analogRead>>;

using Bus = std::tuple<
    Has<void (TwoWire::*)(), &TwoWire::begin>,
    Has<void (TwoWire::*)(uint32_t), &TwoWire::setClock>,
    Has<void (TwoWire::*)(uint8_t), &TwoWire::beginTransmission>,
    Has<uint8_t (TwoWire::*)(), &TwoWire::endTransmission>,
    Has<uint8_t (TwoWire::*)(bool), &TwoWire::endTransmission>,
    Has<size_t (TwoWire::*)(uint8_t, size_t), &TwoWire::requestFrom>,
    Has<size_t (TwoWire::*)(uint8_t), &TwoWire::write>,
    Has<int (TwoWire::*)(), &TwoWire::read>>;

using Chip = std::tuple<
    Has<status_t (LSM6DS3::*)(), &LSM6DS3::begin>,
    Has<status_t (LSM6DS3Core::*)(uint8_t, uint8_t), &LSM6DS3Core::writeRegister>,
    Has<status_t (LSM6DS3Core::*)(uint8_t *, uint8_t), &LSM6DS3Core::readRegister>,
    Has<status_t (LSM6DS3Core::*)(uint8_t *, uint8_t, uint8_t), &LSM6DS3Core::readRegisterRegion>>;
static_assert(std::is_constructible_v<LSM6DS3, uint8_t, uint8_t>);

using Ble = std::tuple<
    Has<int (BLELocalDevice::*)(), &BLELocalDevice::begin>,
    Has<void (BLELocalDevice::*)(), &BLELocalDevice::poll>,
    Has<bool (BLELocalDevice::*)() const, &BLELocalDevice::connected>,
    Has<bool (BLELocalDevice::*)(const char *), &BLELocalDevice::setLocalName>,
    Has<bool (BLELocalDevice::*)(const BLEService &), &BLELocalDevice::setAdvertisedService>,
    Has<void (BLELocalDevice::*)(uint16_t, uint16_t), &BLELocalDevice::setConnectionInterval>,
    Has<void (BLELocalDevice::*)(BLEService &), &BLELocalDevice::addService>,
    Has<int (BLELocalDevice::*)(), &BLELocalDevice::advertise>,
    Has<void (BLEService::*)(BLECharacteristic &), &BLEService::addCharacteristic>,
    Has<int (BLECharacteristic::*)(const uint8_t[], int), &BLECharacteristic::writeValue>,
    Has<const uint8_t *(BLECharacteristic::*)() const, &BLECharacteristic::value>,
    Has<int (BLECharacteristic::*)() const, &BLECharacteristic::valueLength>,
    Has<bool (BLECharacteristic::*)(), &BLECharacteristic::written>,
    Has<bool (BLECharacteristic::*)(), &BLECharacteristic::subscribed>>;
static_assert(std::is_constructible_v<BLECharacteristic, const char *, uint8_t, int, bool>);
static_assert(std::is_same_v<decltype(BLE), BLELocalDevice &>);

using NimBle = std::tuple<
    Has<bool (*)(const std::string &), &NimBLEDevice::init>,
    Has<bool (*)(uint16_t), &NimBLEDevice::setMTU>,
    Has<NimBLEServer *(*)(), &NimBLEDevice::createServer>,
    Has<NimBLEAdvertising *(*)(), &NimBLEDevice::getAdvertising>,
    Has<bool (*)(uint32_t), &NimBLEDevice::startAdvertising>,
    Has<void (NimBLEServer::*)(NimBLEServerCallbacks *, bool), &NimBLEServer::setCallbacks>,
    Has<NimBLEService *(NimBLEServer::*)(const char *), &NimBLEServer::createService>,
    Has<void (NimBLEServer::*)(uint16_t, uint16_t, uint16_t, uint16_t, uint16_t) const, &NimBLEServer::updateConnParams>,
    Has<NimBLECharacteristic *(NimBLEService::*)(const char *, uint32_t, uint16_t), &NimBLEService::createCharacteristic>,
    Has<bool (NimBLEService::*)(), &NimBLEService::start>,
    Has<const NimBLEUUID &(NimBLEService::*)() const, &NimBLEService::getUUID>,
    Has<void (NimBLECharacteristic::*)(NimBLECharacteristicCallbacks *), &NimBLECharacteristic::setCallbacks>,
    Has<void (NimBLECharacteristic::*)(const uint8_t *, size_t), &NimBLECharacteristic::setValue>,
    Has<NimBLEAttValue (NimBLECharacteristic::*)() const, &NimBLECharacteristic::getValue>,
    Has<bool (NimBLECharacteristic::*)(uint16_t) const, &NimBLECharacteristic::notify>,
    Has<bool (NimBLECharacteristic::*)(const uint8_t *, size_t, uint16_t) const, &NimBLECharacteristic::notify>,
    Has<const uint8_t *(NimBLEAttValue::*)() const, &NimBLEAttValue::data>,
    Has<uint16_t (NimBLEAttValue::*)() const, &NimBLEAttValue::length>,
    Has<uint16_t (NimBLEConnInfo::*)() const, &NimBLEConnInfo::getConnHandle>,
    Has<uint16_t (NimBLEConnInfo::*)() const, &NimBLEConnInfo::getMTU>,
    Has<void (NimBLEServerCallbacks::*)(NimBLEServer *, NimBLEConnInfo &), &NimBLEServerCallbacks::onConnect>,
    Has<void (NimBLEServerCallbacks::*)(NimBLEServer *, NimBLEConnInfo &, int), &NimBLEServerCallbacks::onDisconnect>,
    Has<void (NimBLECharacteristicCallbacks::*)(NimBLECharacteristic *, NimBLEConnInfo &, uint16_t), &NimBLECharacteristicCallbacks::onSubscribe>,
    Has<void (NimBLECharacteristicCallbacks::*)(NimBLECharacteristic *, NimBLEConnInfo &), &NimBLECharacteristicCallbacks::onWrite>,
    Has<bool (NimBLEAdvertising::*)(const NimBLEUUID &), &NimBLEAdvertising::addServiceUUID>,
    Has<bool (NimBLEAdvertising::*)(const std::string &), &NimBLEAdvertising::setName>,
    Has<void (NimBLEAdvertising::*)(bool), &NimBLEAdvertising::enableScanResponse>,
    Has<bool (NimBLEAdvertising::*)(uint32_t, const NimBLEAddress *), &NimBLEAdvertising::start>>;

static_assert(std::tuple_size_v<Core> + std::tuple_size_v<Bus> + std::tuple_size_v<Chip> + std::tuple_size_v<Ble> + std::tuple_size_v<NimBle> == 61);
