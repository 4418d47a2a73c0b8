// Double of the Arduino core, as far as our sketches use it: time that the test moves, no pins.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

unsigned long micros();
unsigned long millis();
void delay(uint32_t ms);
inline uint32_t analogReadMilliVolts(uint8_t) { return 1900; }
void setup();
void loop();
