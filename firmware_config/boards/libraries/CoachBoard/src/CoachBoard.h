// Coach board protocol, version 1: what every board does alike. The sketch reads its chip and sends the bytes.
//
// Protocol: firmware_config/boards/README.md.

#pragma once

#include <Arduino.h>

static const char kCoachService[] = "c0ac0000-7a1e-4b5c-9d2f-52554e4e4552";
static const char kCoachFrames[] = "c0ac0001-7a1e-4b5c-9d2f-52554e4e4552";
static const char kCoachDescription[] = "c0ac0002-7a1e-4b5c-9d2f-52554e4e4552";
static const char kCoachControl[] = "c0ac0003-7a1e-4b5c-9d2f-52554e4e4552";

static const uint8_t kReadingsPerFrame = 10;
static const uint8_t kReadingBytes = 12;
static const uint8_t kHeadBytes = 10;
static const uint8_t kFrameBytes = kHeadBytes + kReadingsPerFrame * kReadingBytes + 2;
static const uint8_t kSmallBytes = 20;
static const uint8_t kDescriptionBytes = 12, kControlBytes = 9;

static const uint16_t kAccRanges[] = {2, 4, 8, 16};
static const uint16_t kGyrRanges[] = {250, 500, 1000, 2000};

struct Settings {
  uint16_t rate_hz, acc_g, gyr_dps, bandwidth_hz;
};

inline void put16(uint8_t *at, uint16_t value) {
  at[0] = value & 0xFF;
  at[1] = value >> 8;
}

inline void put32(uint8_t *at, uint32_t value) {
  put16(at, value & 0xFFFF);
  put16(at + 2, value >> 16);
}

inline uint16_t get16(const uint8_t *at) { return at[0] | at[1] << 8; }

inline uint16_t crc16(const uint8_t *bytes, uint8_t n) {
  uint16_t crc = 0xFFFF;
  for (uint8_t i = 0; i < n; i++) {
    crc ^= uint16_t(bytes[i]) << 8;
    for (uint8_t bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc;
}

// Index of the smallest choice that suffices, else of the largest.
inline uint8_t nearest(uint16_t wanted, const uint16_t *choices, uint8_t n) {
  for (uint8_t i = 0; i < n; i++)
    if (choices[i] >= wanted) return i;
  return n - 1;
}

inline uint8_t accIndex(const Settings &settings) { return nearest(settings.acc_g, kAccRanges, 4); }
inline uint8_t gyrIndex(const Settings &settings) { return nearest(settings.gyr_dps, kGyrRanges, 4); }

// is_lsm6: a count of the turn rate is 4.375 mdeg/s x range / 125, as in ST's LSM6 family; else range / 32768.
inline uint8_t scaleCode(const Settings &settings, bool is_lsm6) {
  return (is_lsm6 ? 0x80 : 0) | (gyrIndex(settings) + 1) << 4 | accIndex(settings);  // code 0 is 125 deg/s
}

inline void describeTo(uint8_t *bytes, const Settings &settings) {
  bytes[0] = 1;
  bytes[1] = 0;
  put16(bytes + 2, settings.rate_hz);
  put16(bytes + 4, settings.acc_g);
  put16(bytes + 6, settings.gyr_dps);
  put16(bytes + 8, settings.bandwidth_hz);
  put16(bytes + 10, crc16(bytes, 10));
}

// Whether a control write is one; then `wanted` is what it asks for.
inline bool readControl(const uint8_t *bytes, size_t n, Settings *wanted) {
  if (n != kControlBytes || bytes[0] != 1) return false;
  *wanted = {get16(bytes + 1), get16(bytes + 3), get16(bytes + 5), get16(bytes + 7)};
  return true;
}

// Of a lithium cell at rest [%]: 3.3 V empty, 4.2 V full, a straight line between; good enough to know when to charge.
inline uint8_t chargeOf(float volts) {
  const float percent = (volts - 3.3f) / (4.2f - 3.3f) * 100;
  return percent < 0 ? 0 : percent > 100 ? 100 : uint8_t(percent);
}

// Puts readings into frames, each with the time at which its first reading was made.
class FrameMaker {
 public:
  // The chip was just started: its first reading comes one interval from now.
  void restart(uint16_t rate_hz, uint32_t now_us) {
    n_readings_ = 0;
    interval_us_ = 1e6 / rate_hz;
    next_us_ = now_us + interval_us_;
  }

  // Readings were lost: so is a number, for whoever counts.
  void skip() { sequence_++; }

  // `n` readings wait in the FIFO. The newest is on average half an interval old when that is looked at. That, followed
  // slowly, gives the readings the even times they were made at, whatever the loop does.
  void follow(int16_t n, uint32_t now) {
    const double newest_us = next_us_ + (n - 1) * interval_us_;
    const double now_us = newest_us + int32_t(now - uint32_t(fmod(newest_us, 4294967296.0)));
    const double late_us = now_us - 0.5 * interval_us_ - newest_us;
    next_us_ += late_us / 64;
    interval_us_ += late_us / 64 / 1024;
  }

  // The next reading: acceleration x y z, turn rate x y z, each low byte first. Gives how many bytes of `bytes()` are to
  // be sent now, 0 while a frame fills.
  uint8_t add(const uint8_t *reading, uint8_t scale, bool is_small) {
    if (n_readings_ == 0) put32(frame_ + 4, uint32_t(fmod(next_us_, 4294967296.0)));
    memcpy(frame_ + kHeadBytes + n_readings_ * kReadingBytes, reading, kReadingBytes);
    next_us_ += interval_us_;
    n_readings_++;
    if (is_small) return closeSmall(scale);
    return n_readings_ == kReadingsPerFrame ? close(scale) : 0;
  }

  const uint8_t *bytes() const { return sent_; }

 private:
  uint8_t close(uint8_t scale) {
    frame_[0] = 0xA5;
    frame_[1] = 1;
    put16(frame_ + 2, sequence_++);
    frame_[8] = n_readings_;
    frame_[9] = scale;
    const uint8_t n = kHeadBytes + n_readings_ * kReadingBytes;
    put16(frame_ + n, crc16(frame_, n));
    n_readings_ = 0;
    sent_ = frame_;
    return n + 2;
  }

  // One reading for a link whose notifications hold 20 bytes: its time is that of the frame, in steps of 16 us.
  uint8_t closeSmall(uint8_t scale) {
    small_[0] = 0xA6;
    small_[1] = sequence_++ & 0xFF;
    small_[2] = frame_[4] >> 4 | frame_[5] << 4;
    small_[3] = frame_[5] >> 4 | frame_[6] << 4;
    small_[4] = frame_[6] >> 4 | frame_[7] << 4;
    small_[5] = scale;
    memcpy(small_ + 6, frame_ + kHeadBytes, kReadingBytes);
    put16(small_ + kSmallBytes - 2, crc16(small_, kSmallBytes - 2));
    n_readings_ = 0;
    sent_ = small_;
    return kSmallBytes;
  }

  uint8_t frame_[kFrameBytes], small_[kSmallBytes];
  const uint8_t *sent_ = frame_;
  uint8_t n_readings_ = 0;
  uint16_t sequence_ = 0;
  double next_us_ = 0;      // when the next reading in the FIFO was made, on the clock of micros()
  double interval_us_ = 0;  // between two readings: nominal at first, then as the chip's oscillator has it
};
