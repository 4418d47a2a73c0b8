// Coach board protocol, version 1, on any ESP32 with an MPU-6050: readings of its FIFO in, frames out.
//
// Protocol: firmware_config/boards/README.md. Registers: InvenSense, MPU-6000/6050 register map (RM-MPU-6000A) rev. 4.2.
// Library: NimBLE-Arduino 2.x. Wiring: SDA, SCL of the board to the chip's, 3.3 V, ground; a cell's voltage halved by two
// equal resistors to BATTERY_PIN, or none. Not tried on hardware yet.

#include <Arduino.h>
#include <NimBLEDevice.h>
#include <Wire.h>

#ifndef BATTERY_PIN
#define BATTERY_PIN -1  // such as A0 where the cell is wired to it; -1: no battery service
#endif
static const int kBatteryPin = BATTERY_PIN;

static const uint8_t kReadingsPerFrame = 10;
static const uint8_t kReadingBytes = 12;
static const uint8_t kHeadBytes = 10;
static const uint8_t kFrameBytes = kHeadBytes + kReadingsPerFrame * kReadingBytes + 2;
static const uint8_t kSmallBytes = 20, kNotificationHeadBytes = 3;

// MPU-6050 registers.
static const uint8_t kChip = 0x68;
static const uint8_t kSampleRateDivider = 0x19, kConfig = 0x1A, kGyroConfig = 0x1B, kAccelConfig = 0x1C;
static const uint8_t kFifoEnable = 0x23, kIntStatus = 0x3A, kUserControl = 0x6A, kPower = 0x6B;
static const uint8_t kFifoCount = 0x72, kFifoData = 0x74;

struct Settings {
  uint16_t rate_hz, acc_g, gyr_dps, bandwidth_hz;
};
static Settings settings = {200, 16, 2000, 94};

static NimBLECharacteristic *frames, *description, *control, *battery;
static uint8_t frame[kFrameBytes];
static uint8_t n_readings = 0;
static uint16_t sequence = 0;
static volatile bool is_wanted = false, is_new_control = false, is_small = false;
static bool is_streaming = false;
static double next_us = 0;      // when the next reading in the FIFO was made, on the clock of micros()
static double interval_us = 0;  // between two readings: nominal at first, then as the chip's oscillator has it

static void put16(uint8_t *at, uint16_t value) {
  at[0] = value & 0xFF;
  at[1] = value >> 8;
}

static void put32(uint8_t *at, uint32_t value) {
  put16(at, value & 0xFFFF);
  put16(at + 2, value >> 16);
}

static uint16_t crc16(const uint8_t *bytes, uint8_t n) {
  uint16_t crc = 0xFFFF;
  for (uint8_t i = 0; i < n; i++) {
    crc ^= uint16_t(bytes[i]) << 8;
    for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc;
}

// Index of the smallest choice that suffices, else of the largest.
static uint8_t nearest(uint16_t wanted, const uint16_t *choices, uint8_t n) {
  for (uint8_t i = 0; i < n; i++)
    if (choices[i] >= wanted) return i;
  return n - 1;
}

static const uint16_t kRates[] = {50, 100, 200};  // 1 kHz / (1 + divider)
static const uint16_t kAccRanges[] = {2, 4, 8, 16};
static const uint16_t kGyrRanges[] = {250, 500, 1000, 2000};

static void describe() {
  uint8_t bytes[12] = {1, 0};
  put16(bytes + 2, settings.rate_hz);
  put16(bytes + 4, settings.acc_g);
  put16(bytes + 6, settings.gyr_dps);
  put16(bytes + 8, settings.bandwidth_hz);
  put16(bytes + 10, crc16(bytes, 10));
  description->setValue(bytes, sizeof bytes);
}

static void choose(uint16_t rate, uint16_t acc, uint16_t gyr) {
  static const uint16_t bandwidths[] = {21, 44, 94};  // of the accelerometer's filter, below half the rate
  settings.rate_hz = kRates[nearest(rate, kRates, 3)];
  settings.acc_g = kAccRanges[nearest(acc, kAccRanges, 4)];
  settings.gyr_dps = kGyrRanges[nearest(gyr, kGyrRanges, 4)];
  settings.bandwidth_hz = bandwidths[nearest(rate, kRates, 3)];
  describe();
}

static uint8_t scaleCode() {
  const uint8_t acc = nearest(settings.acc_g, kAccRanges, 4);
  const uint8_t gyr = nearest(settings.gyr_dps, kGyrRanges, 4) + 1;  // code 0 is 125 deg/s
  return gyr << 4 | acc;                                             // a count is range / 32768, within 0.1 %
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
  writeRegister(kAccelConfig, nearest(settings.acc_g, kAccRanges, 4) << 3);
  writeRegister(kGyroConfig, nearest(settings.gyr_dps, kGyrRanges, 4) << 3);
  writeRegister(kFifoEnable, 0x00);
  writeRegister(kUserControl, 0x04);  // empties the FIFO
  writeRegister(kUserControl, 0x40);
  writeRegister(kFifoEnable, 0x78);  // acceleration and the three turn rates
  n_readings = 0;
  interval_us = 1e6 / settings.rate_hz;
  next_us = micros() + interval_us;
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

static void send() {
  frame[0] = 0xA5;
  frame[1] = 1;
  put16(frame + 2, sequence++);
  frame[8] = n_readings;
  frame[9] = scaleCode();
  const uint8_t n = kHeadBytes + n_readings * kReadingBytes;
  put16(frame + n, crc16(frame, n));
  frames->notify(frame, n + 2);  // a frame for which the stack has no room is lost, with its number
  n_readings = 0;
}

// One reading for a link whose notifications hold 20 bytes: its time is that of the frame, in steps of 16 us.
static void sendSmall() {
  static uint8_t small[kSmallBytes];
  small[0] = 0xA6;
  small[1] = sequence++ & 0xFF;
  small[2] = frame[4] >> 4 | frame[5] << 4;
  small[3] = frame[5] >> 4 | frame[6] << 4;
  small[4] = frame[6] >> 4 | frame[7] << 4;
  small[5] = scaleCode();
  memcpy(small + 6, frame + kHeadBytes, kReadingBytes);
  put16(small + kSmallBytes - 2, crc16(small, kSmallBytes - 2));
  frames->notify(small, kSmallBytes);
  n_readings = 0;
}

// The FIFO gives acceleration, then turn rate, each high byte first; a frame has the low byte first.
static bool readOne() {
  uint8_t bytes[kReadingBytes];
  if (!readRegisters(kFifoData, bytes, kReadingBytes)) return false;
  if (n_readings == 0) put32(frame + 4, uint32_t(fmod(next_us, 4294967296.0)));
  uint8_t *at = frame + kHeadBytes + n_readings * kReadingBytes;
  for (uint8_t i = 0; i < kReadingBytes; i += 2) {
    at[i] = bytes[i + 1];
    at[i + 1] = bytes[i];
  }
  next_us += interval_us;
  n_readings++;
  if (is_small) sendSmall();
  else if (n_readings == kReadingsPerFrame) send();
  return true;
}

// The newest reading is on average half an interval old when the FIFO is looked at. That, followed slowly, gives the
// readings the even times they were made at, whatever the loop does.
static void drain() {
  const int16_t n = fifoReadings();
  if (n == -1) {
    sequence++;  // what ran over is lost
    startChip();
    return;
  }
  if (n <= 0) return;
  const double newest_us = next_us + (n - 1) * interval_us;
  const double now_us = newest_us + int32_t(uint32_t(micros()) - uint32_t(fmod(newest_us, 4294967296.0)));
  const double late_us = now_us - 0.5 * interval_us - newest_us;
  next_us += late_us / 64;
  interval_us += late_us / 64 / 1024;
  for (int16_t i = 0; i < n; i++)
    if (!readOne()) return;
}

// Of a lithium cell at rest: 3.3 V empty, 4.2 V full, a straight line between; good enough to know when to charge.
static void measureBattery() {
  const float volts = 2 * analogReadMilliVolts(kBatteryPin) / 1000.0f;
  const float percent = (volts - 3.3f) / (4.2f - 3.3f) * 100;
  const uint8_t level = percent < 0 ? 0 : percent > 100 ? 100 : uint8_t(percent);
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
  server->setCallbacks(&server_events);
  NimBLEService *service = server->createService("c0ac0000-7a1e-4b5c-9d2f-52554e4e4552");
  frames = service->createCharacteristic("c0ac0001-7a1e-4b5c-9d2f-52554e4e4552", NIMBLE_PROPERTY::NOTIFY);
  description = service->createCharacteristic("c0ac0002-7a1e-4b5c-9d2f-52554e4e4552", NIMBLE_PROPERTY::READ);
  control = service->createCharacteristic("c0ac0003-7a1e-4b5c-9d2f-52554e4e4552", NIMBLE_PROPERTY::WRITE);
  frames->setCallbacks(&characteristic_events);
  control->setCallbacks(&characteristic_events);
  service->start();
  if (kBatteryPin >= 0) {
    NimBLEService *cell = server->createService("180F");
    battery = cell->createCharacteristic("2A19", NIMBLE_PROPERTY::READ | NIMBLE_PROPERTY::NOTIFY);
    cell->start();
  }
  choose(settings.rate_hz, settings.acc_g, settings.gyr_dps);
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
    const uint8_t *v = value.data();
    if (value.length() == 9 && v[0] == 1) choose(v[1] | v[2] << 8, v[3] | v[4] << 8, v[5] | v[6] << 8);
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
