"""Give memory that is free back to the system.

The C library keeps what was freed within its heap for the next use. A run's sum takes tens of megabytes for a second,
and the next use of as much is the next run's: until then the service would be that much larger. `malloc_trim(0)` gives
every whole free page back, in a millisecond. Source: malloc_trim(3), glibc; where the C library has no such function
(musl, macOS, Windows) nothing is done.
"""

import sys


def give_back() -> None:
    """Give free pages back to the system."""
    if sys.platform != "linux":
        return
    import ctypes  # no part of a service that waits; numpy has loaded it by the end of a run

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))
