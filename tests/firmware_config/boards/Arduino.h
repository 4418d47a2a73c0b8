// Double of the Arduino core, as far as our sketches use it: time that the test moves, no pins.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

uint32_t micros();
uint32_t millis();
void delay(uint32_t ms);
inline uint32_t analogReadMilliVolts(int) { return 1900; }
