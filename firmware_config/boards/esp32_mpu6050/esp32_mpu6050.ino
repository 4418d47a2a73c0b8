// Coach board protocol, version 1, on any ESP32 with an MPU-6050: readings of its FIFO in, frames out.
//
// Protocol: firmware_config/boards/README.md. Registers: InvenSense, MPU-6000/6050 register map (RM-MPU-6000A) rev. 4.2.
// Libraries: NimBLE-Arduino 2.x, and ours: ../libraries/CoachBoard (how to add it: ../README.md). Wiring: SDA, SCL of the
// board to the chip's, 3.3 V, ground; a cell's voltage halved by two equal resistors to BATTERY_PIN, or none. Not tried on
// hardware yet.

#include <Arduino.h>
#include <CoachBoard.h>
#include <NimBLEDevice.h>
#include <Wire.h>

#ifndef BATTERY_PIN
#define BATTERY_PIN -1  // such as A0 where the cell is wired to it; -1: no battery service
#endif
static const int kBatteryPin = BATTERY_PIN;
static const uint8_t kNotificationHeadBytes = 3;

// MPU-6050 registers.
static const uint8_t kChip = 0x68;
static const uint8_t kSampleRateDivider = 0x19, kConfig = 0x1A, kGyroConfig = 0x1B, kAccelConfig = 0x1C;
static const uint8_t kFifoEnable = 0x23, kIntStatus = 0x3A, kUserControl = 0x6A, kPower = 0x6B;
static const uint8_t kFifoCount = 0x72, kFifoData = 0x74;

static Settings settings = {200, 16, 2000, 94};

static NimBLECharacteristic *frames, *description, *control, *battery;
static FrameMaker maker;
static volatile bool is_wanted = false, is_new_control = false, is_small = false;
static bool is_streaming = false;

static const uint16_t kRates[] = {50, 100, 200};  // 1 kHz / (1 + divider)

static void describe() {
  uint8_t bytes[kDescriptionBytes];
  describeTo(bytes, settings);
  description->setValue(bytes, sizeof bytes);
}

static void choose(const Settings &wanted) {
  static const uint16_t bandwidths[] = {21, 44, 94};  // of the accelerometer's filter, below half the rate
  const uint8_t rate = nearest(wanted.rate_hz, kRates, 3);
  settings = {kRates[rate], kAccRanges[accIndex(wanted)], kGyrRanges[gyrIndex(wanted)], bandwidths[rate]};
  describe();
}

static void writeRegister(uint8_t at, uint8_t value) {
  Wire.beginTransmission(kChip);
  Wire.write(at);
  Wire.write(value);
  Wire.endTransmission();
}

static bool readRegisters(uint8_t at, uint8_t *bytes, uint8_t n) {
  Wire.beginTransmission(kChip);
  Wire.write(at);
  if (Wire.endTransmission(false) != 0 || Wire.requestFrom(kChip, n) != n) return false;
  for (uint8_t i = 0; i < n; i++) bytes[i] = Wire.read();
  return true;
}

static void startChip() {
  static const uint8_t dividers[] = {19, 9, 4};
  static const uint8_t filters[] = {4, 3, 2};  // 21, 44, 94 Hz
  const uint8_t rate = nearest(settings.rate_hz, kRates, 3);
  writeRegister(kPower, 0x01);  // awake, on the gyroscope's clock
  writeRegister(kConfig, filters[rate]);
  writeRegister(kSampleRateDivider, dividers[rate]);
  writeRegister(kAccelConfig, accIndex(settings) << 3);
  writeRegister(kGyroConfig, gyrIndex(settings) << 3);
  writeRegister(kFifoEnable, 0x00);
  writeRegister(kUserControl, 0x04);  // empties the FIFO
  writeRegister(kUserControl, 0x40);
  writeRegister(kFifoEnable, 0x78);  // acceleration and the three turn rates
  maker.restart(settings.rate_hz, micros());
}

static void stopChip() {
  writeRegister(kFifoEnable, 0x00);
  writeRegister(kPower, 0x40);  // asleep
}

// Readings in the FIFO; -1 where it ran over, -2 where the chip does not answer.
static int16_t fifoReadings() {
  uint8_t status = 0, count[2] = {0, 0};
  if (!readRegisters(kIntStatus, &status, 1) || !readRegisters(kFifoCount, count, 2)) return -2;
  if (status & 0x10) return -1;
  return (uint16_t(count[0]) << 8 | count[1]) / kReadingBytes;
}

// The FIFO gives acceleration, then turn rate, each high byte first; a frame has the low byte first.
static bool readOne() {
  uint8_t bytes[kReadingBytes], reading[kReadingBytes];
  if (!readRegisters(kFifoData, bytes, kReadingBytes)) return false;
  for (uint8_t i = 0; i < kReadingBytes; i += 2) {
    reading[i] = bytes[i + 1];
    reading[i + 1] = bytes[i];
  }
  // A frame for which the stack has no room is lost, with its number.
  if (const uint8_t n = maker.add(reading, scaleCode(settings, false), is_small)) frames->notify(maker.bytes(), n);
  return true;
}

static void drain() {
  const int16_t n = fifoReadings();
  if (n == -1) {  // what ran over is lost
    maker.skip();
    startChip();
    return;
  }
  if (n <= 0) return;
  maker.follow(n, micros());
  for (int16_t i = 0; i < n; i++)
    if (!readOne()) return;
}

static void measureBattery() {
  const uint8_t level = chargeOf(2 * analogReadMilliVolts(kBatteryPin) / 1000.0f);
  battery->setValue(&level, 1);
  battery->notify();
}

// Called on the stack's own task: they only leave word for loop().
class ServerEvents : public NimBLEServerCallbacks {
  void onConnect(NimBLEServer *server, NimBLEConnInfo &who) override {
    server->updateConnParams(who.getConnHandle(), 12, 24, 0, 400);  // 15 to 30 ms, lost after 4 s
  }
  void onDisconnect(NimBLEServer *, NimBLEConnInfo &, int) override {
    is_wanted = false;
    NimBLEDevice::startAdvertising();
  }
} server_events;

class CharacteristicEvents : public NimBLECharacteristicCallbacks {
  void onSubscribe(NimBLECharacteristic *what, NimBLEConnInfo &who, uint16_t value) override {
    if (what != frames) return;
    is_small = who.getMTU() < kFrameBytes + kNotificationHeadBytes;
    is_wanted = value & 1;
  }
  void onWrite(NimBLECharacteristic *what, NimBLEConnInfo &) override {
    if (what == control) is_new_control = true;
  }
} characteristic_events;

void setup() {
  Wire.begin();
  Wire.setClock(400000);
  stopChip();
  NimBLEDevice::init("Coach ESP32");
  NimBLEDevice::setMTU(247);
  NimBLEServer *server = NimBLEDevice::createServer();
  server->setCallbacks(&server_events, false);  // not the server's to delete
  NimBLEService *service = server->createService(kCoachService);
  frames = service->createCharacteristic(kCoachFrames, NIMBLE_PROPERTY::NOTIFY);
  description = service->createCharacteristic(kCoachDescription, NIMBLE_PROPERTY::READ);
  control = service->createCharacteristic(kCoachControl, NIMBLE_PROPERTY::WRITE);
  frames->setCallbacks(&characteristic_events);
  control->setCallbacks(&characteristic_events);
  service->start();
  if (kBatteryPin >= 0) {
    NimBLEService *cell = server->createService("180F");
    battery = cell->createCharacteristic("2A19", NIMBLE_PROPERTY::READ | NIMBLE_PROPERTY::NOTIFY);
    cell->start();
  }
  choose(settings);
  NimBLEAdvertising *advertising = NimBLEDevice::getAdvertising();
  advertising->addServiceUUID(service->getUUID());
  advertising->setName("Coach ESP32");
  advertising->enableScanResponse(true);  // a name and a long UUID do not fit into one advertisement
  advertising->start();
}

void loop() {
  if (is_new_control) {
    is_new_control = false;
    const NimBLEAttValue value = control->getValue();
    Settings wanted;
    if (readControl(value.data(), value.length(), &wanted)) choose(wanted);
  }
  if (is_wanted && !is_streaming) startChip();
  if (!is_wanted && is_streaming) stopChip();
  is_streaming = is_wanted;
  if (is_streaming) drain();
  static uint32_t measured_ms = 0;
  if (kBatteryPin >= 0 && (measured_ms == 0 || millis() - measured_ms > 60000)) {
    measured_ms = millis();
    measureBattery();
  }
  delay(1);
}
