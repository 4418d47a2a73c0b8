// Coach board protocol, version 1, on a Seeed XIAO nRF52840 Sense: readings of its LSM6DS3TR-C in, frames out.
//
// Protocol: firmware_config/boards/README.md. Registers: ST, LSM6DS3TR-C data sheet (DS9699) rev. 9, chapters 5 and 9.
// Libraries: ArduinoBLE, Seeed Arduino LSM6DS3. Not tried on hardware yet. It has no battery service: with this core,
// reading the cell's voltage is reported to stop the chip and the radio, which nobody here could try.

#include <Arduino.h>
#include <ArduinoBLE.h>
#include <LSM6DS3.h>
#include <Wire.h>

#ifndef SMALL_FRAMES
#define SMALL_FRAMES 0  // 1: for a computer that never asks for a larger MTU than 23, which ArduinoBLE does not report
#endif
static const bool kIsSmall = SMALL_FRAMES;

static const uint8_t kReadingsPerFrame = 10;
static const uint8_t kReadingBytes = 12;
static const uint8_t kHeadBytes = 10;
static const uint8_t kFrameBytes = kHeadBytes + kReadingsPerFrame * kReadingBytes + 2;
static const uint8_t kSmallBytes = 20;
static const uint8_t kFifoWordsPerReading = 6;

// LSM6DS3TR-C registers.
static const uint8_t kFifoCtrl3 = 0x08, kFifoCtrl5 = 0x0A, kCtrl1Xl = 0x10, kCtrl2G = 0x11, kCtrl3C = 0x12;
static const uint8_t kFifoStatus1 = 0x3A, kFifoStatus2 = 0x3B, kFifoDataOut = 0x3E;
static const uint8_t kBypass = 0x00, kContinuous = 0x06;

struct Settings {
  uint16_t rate_hz, acc_g, gyr_dps, bandwidth_hz;
};
static Settings settings = {208, 16, 2000, 104};

LSM6DS3 imu(I2C_MODE, 0x6A);
BLEService service("c0ac0000-7a1e-4b5c-9d2f-52554e4e4552");
BLECharacteristic frames("c0ac0001-7a1e-4b5c-9d2f-52554e4e4552", BLENotify, kFrameBytes, true);
BLECharacteristic description("c0ac0002-7a1e-4b5c-9d2f-52554e4e4552", BLERead, 12, true);
BLECharacteristic control("c0ac0003-7a1e-4b5c-9d2f-52554e4e4552", BLEWrite, 9, true);

static uint8_t frame[kFrameBytes];
static uint8_t n_readings = 0;
static uint16_t sequence = 0;
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

static const uint16_t kRates[] = {52, 104, 208, 416};
static const uint16_t kAccRanges[] = {2, 4, 8, 16};
static const uint16_t kGyrRanges[] = {250, 500, 1000, 2000};

static void describe() {
  uint8_t bytes[12] = {1, 0};
  put16(bytes + 2, settings.rate_hz);
  put16(bytes + 4, settings.acc_g);
  put16(bytes + 6, settings.gyr_dps);
  put16(bytes + 8, settings.bandwidth_hz);
  put16(bytes + 10, crc16(bytes, 10));
  description.writeValue(bytes, sizeof bytes);
}

static void choose(uint16_t rate, uint16_t acc, uint16_t gyr) {
  settings.rate_hz = kRates[nearest(rate, kRates, 4)];
  settings.acc_g = kAccRanges[nearest(acc, kAccRanges, 4)];
  settings.gyr_dps = kGyrRanges[nearest(gyr, kGyrRanges, 4)];
  settings.bandwidth_hz = settings.rate_hz / 2;  // LPF1 at ODR/2, the widest that does not alias
  describe();
}

static uint8_t scaleCode() {
  const uint8_t acc = nearest(settings.acc_g, kAccRanges, 4);
  const uint8_t gyr = nearest(settings.gyr_dps, kGyrRanges, 4) + 1;  // code 0 is 125 deg/s
  return 0x80 | gyr << 4 | acc;
}

static void startChip() {
  static const uint8_t odr[] = {0x30, 0x40, 0x50, 0x60};    // 52, 104, 208, 416 Hz
  static const uint8_t acc[] = {0x00, 0x08, 0x0C, 0x04};    // 2, 4, 8, 16 g
  static const uint8_t gyr[] = {0x00, 0x04, 0x08, 0x0C};    // 250, 500, 1000, 2000 deg/s
  const uint8_t rate = odr[nearest(settings.rate_hz, kRates, 4)];
  imu.writeRegister(kFifoCtrl5, kBypass);  // empties it
  imu.writeRegister(kCtrl3C, 0x44);        // block data update, address increment
  imu.writeRegister(kCtrl1Xl, rate | acc[nearest(settings.acc_g, kAccRanges, 4)]);
  imu.writeRegister(kCtrl2G, rate | gyr[nearest(settings.gyr_dps, kGyrRanges, 4)]);
  imu.writeRegister(kFifoCtrl3, 0x09);     // both into the FIFO, each reading
  imu.writeRegister(kFifoCtrl5, rate >> 1 | kContinuous);  // FIFO at the same rate
  n_readings = 0;
  interval_us = 1e6 / settings.rate_hz;
  next_us = micros() + interval_us;
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

static void send() {
  frame[0] = 0xA5;
  frame[1] = 1;
  put16(frame + 2, sequence++);
  frame[8] = n_readings;
  frame[9] = scaleCode();
  const uint8_t n = kHeadBytes + n_readings * kReadingBytes;
  put16(frame + n, crc16(frame, n));
  frames.writeValue(frame, n + 2);  // waits while the radio is full; what the chip's FIFO cannot hold then is lost
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
  frames.writeValue(small, kSmallBytes);
  n_readings = 0;
}

// The FIFO gives turn rate first, then acceleration; a frame has acceleration first. A burst read rolls over from the
// high to the low byte of the FIFO's output by itself.
static void readOne() {
  uint8_t bytes[kReadingBytes];
  imu.readRegisterRegion(bytes, kFifoDataOut, kReadingBytes);
  if (n_readings == 0) put32(frame + 4, uint32_t(fmod(next_us, 4294967296.0)));
  uint8_t *at = frame + kHeadBytes + n_readings * kReadingBytes;
  memcpy(at, bytes + 6, 6);
  memcpy(at + 6, bytes, 6);
  next_us += interval_us;
  n_readings++;
  if (kIsSmall) sendSmall();
  else if (n_readings == kReadingsPerFrame) send();
}

// The newest reading is on average half an interval old when the FIFO is looked at. That, followed slowly, gives the
// readings the even times they were made at, whatever the loop does.
static void drain() {
  const int16_t n = fifoReadings();
  if (n < 0) {
    sequence++;  // what ran over is lost
    startChip();
    return;
  }
  if (n == 0) return;
  const double newest_us = next_us + (n - 1) * interval_us;
  const double now_us = newest_us + int32_t(micros() - uint32_t(fmod(newest_us, 4294967296.0)));
  const double late_us = now_us - 0.5 * interval_us - newest_us;
  next_us += late_us / 64;
  interval_us += late_us / 64 / 1024;
  for (int16_t i = 0; i < n; i++) readOne();
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
  choose(settings.rate_hz, settings.acc_g, settings.gyr_dps);
  BLE.advertise();
}

void loop() {
  BLE.poll();
  if (control.written() && control.valueLength() == 9 && control.value()[0] == 1) {
    const uint8_t *v = control.value();
    choose(v[1] | v[2] << 8, v[3] | v[4] << 8, v[5] | v[6] << 8);
  }
  const bool is_wanted = BLE.connected() && frames.subscribed();
  if (is_wanted && !is_streaming) startChip();
  if (!is_wanted && is_streaming) stopChip();
  is_streaming = is_wanted;
  if (is_streaming) drain();
}
