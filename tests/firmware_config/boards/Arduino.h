// Double of the Arduino core, as far as our sketches use it: time that the test moves, a cell of 3.8 V on each board.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

unsigned long micros();
unsigned long millis();
void delay(uint32_t ms);
inline uint32_t analogReadMilliVolts(uint8_t) { return 1900; }  // behind two equal resistors

// Of the XIAO alone: its cell is measured while the enabling pin gives a low level.
#define PIN_VBAT 32
#define PIN_VBAT_ENABLE 14
typedef uint8_t pin_size_t;
typedef enum { INPUT, OUTPUT } PinMode;
typedef enum { LOW, HIGH } PinStatus;
inline bool is_output = false, is_low = false;
inline void pinMode(pin_size_t pin, PinMode mode) {
  if (pin == PIN_VBAT_ENABLE) is_output = mode == OUTPUT;
}
inline void digitalWrite(pin_size_t pin, PinStatus status) {
  if (pin == PIN_VBAT_ENABLE) is_low = status == LOW;
}
inline int analogRead(pin_size_t pin) { return pin == PIN_VBAT && is_output && is_low ? 398 : 0; }

void setup();
void loop();
