// Coach board protocol, version 1, on a Seeed XIAO nRF52840 Sense: readings of its LSM6DS3TR-C in, frames out.
//
// Protocol: firmware_config/boards/README.md. Registers: ST, LSM6DS3TR-C data sheet (DS9699) rev. 9, chapters 5 and 9.
// Libraries: ArduinoBLE, Seeed Arduino LSM6DS3, and ours: ../libraries/CoachBoard (how to add it: ../README.md). Not tried
// on hardware yet.

#include <Arduino.h>
#include <ArduinoBLE.h>
#include <CoachBoard.h>
#include <LSM6DS3.h>
#include <Wire.h>

#ifndef SMALL_FRAMES
#define SMALL_FRAMES 0  // 1: for a computer that never asks for a larger MTU than 23, which ArduinoBLE does not report
#endif
static const bool kIsSmall = SMALL_FRAMES;

#ifndef HAS_BATTERY
#define HAS_BATTERY 0  // 1: a cell is soldered to it, and it says its charge; not by itself, since reading the voltage is
#endif                 // reported to stop chip and radio with this core, which nobody here could try
static const bool kHasBattery = HAS_BATTERY;

static const uint8_t kFifoWordsPerReading = 6;

// LSM6DS3TR-C registers.
static const uint8_t kFifoCtrl3 = 0x08, kFifoCtrl5 = 0x0A, kCtrl1Xl = 0x10, kCtrl2G = 0x11, kCtrl3C = 0x12;
static const uint8_t kFifoStatus1 = 0x3A, kFifoStatus2 = 0x3B, kFifoDataOut = 0x3E;
static const uint8_t kBypass = 0x00, kContinuous = 0x06;

static Settings settings = {208, 16, 2000, 104};

LSM6DS3 imu(I2C_MODE, 0x6A);
BLEService service(kCoachService);
// Not of fixed length: ArduinoBLE would fill up a small frame, and a control write that is too short, with old bytes.
BLECharacteristic frames(kCoachFrames, BLENotify, kFrameBytes, false);
BLECharacteristic description(kCoachDescription, BLERead, kDescriptionBytes, false);
BLECharacteristic control(kCoachControl, BLEWrite, kControlBytes, false);

BLEService cell("180F");
BLECharacteristic level("2A19", BLERead | BLENotify, 1, false);

static FrameMaker maker;
static bool is_streaming = false;

static const uint16_t kRates[] = {52, 104, 208, 416};

static void describe() {
  uint8_t bytes[kDescriptionBytes];
  describeTo(bytes, settings);
  description.writeValue(bytes, sizeof bytes);
}

static void choose(const Settings &wanted) {
  const uint16_t rate = kRates[nearest(wanted.rate_hz, kRates, 4)];
  // The filter's LPF1 is at half the rate, the widest that does not alias.
  settings = {rate, kAccRanges[accIndex(wanted)], kGyrRanges[gyrIndex(wanted)], uint16_t(rate / 2)};
  describe();
}

static void startChip() {
  static const uint8_t odr[] = {0x30, 0x40, 0x50, 0x60};    // 52, 104, 208, 416 Hz
  static const uint8_t acc[] = {0x00, 0x08, 0x0C, 0x04};    // 2, 4, 8, 16 g
  static const uint8_t gyr[] = {0x00, 0x04, 0x08, 0x0C};    // 250, 500, 1000, 2000 deg/s
  const uint8_t rate = odr[nearest(settings.rate_hz, kRates, 4)];
  imu.writeRegister(kFifoCtrl5, kBypass);  // empties it
  imu.writeRegister(kCtrl3C, 0x44);        // block data update, address increment
  imu.writeRegister(kCtrl1Xl, rate | acc[accIndex(settings)]);
  imu.writeRegister(kCtrl2G, rate | gyr[gyrIndex(settings)]);
  imu.writeRegister(kFifoCtrl3, 0x09);     // both into the FIFO, each reading
  imu.writeRegister(kFifoCtrl5, rate >> 1 | kContinuous);  // FIFO at the same rate
  maker.restart(settings.rate_hz, micros());
}

static void stopChip() {
  imu.writeRegister(kFifoCtrl5, kBypass);
  imu.writeRegister(kCtrl1Xl, 0);
  imu.writeRegister(kCtrl2G, 0);
}

// Readings in the FIFO; -1 where it ran over.
static int16_t fifoReadings() {
  uint8_t low = 0, high = 0;
  imu.readRegister(&low, kFifoStatus1);
  imu.readRegister(&high, kFifoStatus2);
  if (high & 0x40) return -1;
  return (uint16_t(high & 0x07) << 8 | low) / kFifoWordsPerReading;
}

// The FIFO gives turn rate first, then acceleration; a frame has acceleration first. A burst read rolls over from the
// high to the low byte of the FIFO's output by itself.
static void readOne() {
  uint8_t bytes[kReadingBytes], reading[kReadingBytes];
  imu.readRegisterRegion(bytes, kFifoDataOut, kReadingBytes);
  memcpy(reading, bytes + 6, 6);
  memcpy(reading + 6, bytes, 6);
  // Waits while the radio is full; what the chip's FIFO cannot hold then is lost.
  if (const uint8_t n = maker.add(reading, scaleCode(settings, true), kIsSmall)) frames.writeValue(maker.bytes(), n);
}

static void drain() {
  const int16_t n = fifoReadings();
  if (n < 0) {  // what ran over is lost
    maker.skip();
    startChip();
    return;
  }
  if (n == 0) return;
  maker.follow(n, micros());
  for (int16_t i = 0; i < n; i++) readOne();
}

// The cell's voltage is behind 1 MOhm and 510 kOhm, switched on by the low level of its pin. It stays low: high, while
// the cell is charged, would be more than the measuring pin stands (Seeed's wiki, XIAO BLE, question 3). 10 bits of 3.3 V.
static void measureBattery() {
  const uint8_t charge = chargeOf(analogRead(PIN_VBAT) * 3.3f / 1023 * 1510 / 510);
  level.writeValue(&charge, 1);
}

void setup() {
  const bool has_chip = imu.begin() == IMU_SUCCESS;
  stopChip();
  BLE.begin();
  BLE.setLocalName(has_chip ? "Coach XIAO" : "Coach no chip");  // so that a scan says what is wrong
  BLE.setAdvertisedService(service);
  BLE.setConnectionInterval(12, 24);  // 15 to 30 ms
  service.addCharacteristic(frames);
  service.addCharacteristic(description);
  service.addCharacteristic(control);
  BLE.addService(service);
  if (kHasBattery) {
    pinMode(PIN_VBAT_ENABLE, OUTPUT);
    digitalWrite(PIN_VBAT_ENABLE, LOW);
    cell.addCharacteristic(level);
    BLE.addService(cell);
    measureBattery();
  }
  choose(settings);
  BLE.advertise();
}

void loop() {
  BLE.poll();
  Settings wanted;
  if (control.written() && readControl(control.value(), control.valueLength(), &wanted)) choose(wanted);
  const bool is_wanted = BLE.connected() && frames.subscribed();
  if (is_wanted && !is_streaming) startChip();
  if (!is_wanted && is_streaming) stopChip();
  is_streaming = is_wanted;
  if (is_streaming) drain();
  static uint32_t measured_ms = 0;
  if (kHasBattery && millis() - measured_ms > 60000) {
    measured_ms = millis();
    measureBattery();
  }
}
