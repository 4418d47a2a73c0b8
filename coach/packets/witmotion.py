"""WitMotion WT9011DCL and kin (0xFFE4): cut a byte stream into frames, decode frames to motion or register answers.

Frames: `55 61` and 9 x s16 (acceleration, turn rate, angles), 20 bytes; newer firmware adds 8 bytes of chip time.
`55 71`, a register and 8 x s16 answer a question. No checksum, no counter, no timestamp.
Source: WITMOTION/WitBluetooth_BWT901BLE5_0, WitStandardProtocol_JY901 REG.h, WT9011DCL-BT50 Communication Protocol.
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np

from coach.errors import PacketError
from coach.model.samples import FloatArray
from coach.model.units import GRAVITY_MPS2, RADPS_PER_DPS

_HEAD: Final = 0x55
_MOTION: Final = 0x61
_REGISTER: Final = 0x71
_FRAME: Final = 20
_LONG_FRAME: Final = 28
_ACC_MPS2: Final = 16.0 * GRAVITY_MPS2 / 32768.0
_GYR_RADPS: Final = 2000.0 * RADPS_PER_DPS / 32768.0
_HEADERS: Final = (b"\x55\x61", b"\x55\x71")
BATTERY_REGISTER: Final = 0x64
_CHARGE: Final = (  # centivolt and above -> percent, of the maker's table
    (397, 100.0),
    (393, 90.0),
    (387, 75.0),
    (382, 60.0),
    (379, 50.0),
    (377, 40.0),
    (373, 30.0),
    (370, 20.0),
    (368, 15.0),
    (350, 10.0),
    (340, 5.0),
)


def decode_motion(frames: Sequence[bytes]) -> tuple[FloatArray, FloatArray]:
    """Return acceleration [m/s2] (n, 3) and turn rate [rad/s] (n, 3) of motion frames.

    Raises:
        PacketError: one of them is not a motion frame of 20 or 28 bytes.
    """
    for frame in frames:
        if len(frame) not in (_FRAME, _LONG_FRAME) or frame[0] != _HEAD or frame[1] != _MOTION:
            raise PacketError("not a WitMotion motion frame", frame)
    words = np.frombuffer(b"".join([frame[2:14] for frame in frames]), "<i2").reshape(-1, 6)
    values = words.astype(np.float64)
    return values[:, :3] * _ACC_MPS2, values[:, 3:] * _GYR_RADPS


def decode_register(frame: bytes) -> tuple[int, tuple[int, ...]]:
    """Return the first register and the values of eight; raises PacketError for other than an answer of 20 bytes."""
    if len(frame) != _FRAME or frame[0] != _HEAD or frame[1] != _REGISTER:
        raise PacketError("not a WitMotion register answer", frame)
    register, *values = struct.unpack_from("<H8h", frame, 2)
    return register, tuple(values)


def charge_pct(centivolt: int) -> float:
    """Return the charge in percent of a battery voltage, by the maker's table."""
    return next((pct for least, pct in _CHARGE if centivolt >= least), 0.0)


class FrameCutter:
    """Bytes in as they come, whole frames out.

    The size of motion frames follows from the next header, 20 or 28 bytes on; bytes that end behind 20 say nothing.
    Once known it holds until bytes are seen that do not fit it; then it is decided again, so no mistake lasts.
    """

    def __init__(self) -> None:
        self._held = b""
        self._size: int | None = None  # of motion frames, while it is known
        self.n_skipped = 0

    def feed(self, payload: bytes) -> list[bytes]:
        """Return frames that are whole now; `n_skipped` counts bytes that were no frame."""
        self._held += payload
        frames = []
        while self._held:
            size = self._frame_size()
            if size == 0:
                self._skip()
            elif len(self._held) < size:
                break
            else:
                frames.append(self._held[:size])
                self._held = self._held[size:]
        return frames

    def finish(self) -> list[bytes]:
        """Return what is held as a frame if it is as long as one: no bytes follow."""
        held, self._held = self._held, b""
        return [held] if len(held) in (_FRAME, _LONG_FRAME) and held[:2] in _HEADERS else []

    def restart(self, payload: bytes) -> None:
        """Begin again with `payload` after a silence: a half frame from before it that does not go on there is
        forgotten."""
        is_whole = self._size is None and len(self._held) in (_FRAME, _LONG_FRAME)
        if payload[:2] in _HEADERS and not is_whole:
            self._held = b""

    def _frame_size(self) -> int:
        """Return the length of the frame that begins here, or how many bytes it takes to know more;
        0: none begins here."""
        held = self._held
        if not any(header.startswith(held[:2]) for header in _HEADERS):
            return 0
        if len(held) < _FRAME:
            return _FRAME
        if held[1] == _REGISTER:
            return _FRAME if self._goes_on(_FRAME) else 0
        if self._size is not None and (len(held) < self._size or self._goes_on(self._size)):
            return self._size
        return self._decide()

    def _decide(self) -> int:
        """Return the size as the next header gives it, else as `_frame_size`."""
        self._size = None
        for size in (_FRAME, _LONG_FRAME):
            following = self._held[size : size + 2]
            if following in _HEADERS:
                self._size = size
                return size
            if len(following) < 2 and self._goes_on(size):
                return size + 2
        return 0

    def _goes_on(self, size: int) -> bool:
        """Whether the bytes end, or another frame may begin, `size` bytes from here."""
        following = self._held[size : size + 2]
        return any(header.startswith(following) for header in _HEADERS)

    def _skip(self) -> None:
        """Drop bytes up to the next that could begin a frame."""
        following = self._held.find(_HEAD, 1)
        n = len(self._held) if following < 0 else following
        self._size = None
        self.n_skipped += n
        self._held = self._held[n:]
