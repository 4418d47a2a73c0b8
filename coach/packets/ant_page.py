"""What the data pages of ANT+ sensors share: eight bytes, counters that wrap, a battery that is low.

Source: read as openant (`openant/devices/common.py`), Nordic's SDK (`ant_sdm_page_1.c`) and Loghorn/ant-plus read them.
The profile documents themselves are for members of the ANT+ alliance.
"""

from dataclasses import dataclass
from typing import Final

from coach.errors import PacketError
from coach.model.steps import Charge

PAGE_BYTES: Final = 8
MANUFACTURER, PRODUCT, BATTERY = 80, 81, 82
_LOW, _CRITICAL = 4, 5
_SERIAL_OF_STRAP = 2


def page_of(what: str, payload: bytes, number_mask: int = 0xFF) -> int:
    """Return the number of a data page; raises PacketError where it has not eight bytes."""
    if len(payload) != PAGE_BYTES:
        raise PacketError(f"{what} has eight bytes", payload)
    return payload[0] & number_mask


def common_page(page: bytes, is_strap: bool) -> bytes:
    """Return a page with its plain number: a strap changes the upper bit of its pages 0 to 7.

    openant expects the common pages without it. They are known with it, too: a serial number must not be overlooked.
    """
    return bytes([page[0] & 0x7F]) + page[1:] if is_strap and page else page


def common_charge(page: bytes, is_strap: bool = False) -> Charge | None:
    """Return what the battery page (82) says; None for every other page.

    Its status is one of new, good, ok, low, critical; its voltage says nothing of the charge of an unknown cell.
    """
    page = common_page(page, is_strap)
    if len(page) != PAGE_BYTES or page[0] != BATTERY:
        return None
    return Charge(None, (page[7] >> 4 & 0x07) in (_LOW, _CRITICAL))


def about_itself(page: bytes, is_strap: bool = False) -> dict[str, str]:
    """Return what a page says of the sensor: maker, model, hardware (page 80) or software (81), as numbers of ANT+."""
    page = common_page(page, is_strap)
    if len(page) != PAGE_BYTES:
        return {}
    if page[0] == MANUFACTURER:
        maker, model = (int.from_bytes(page[at : at + 2], "little") for at in (4, 6))
        return {"manufacturer": f"ANT+ maker {maker}", "model": str(model), "hardware": str(page[3])}
    if page[0] == PRODUCT:
        main, supplement = page[3], page[2]
        return {"firmware": f"{main / 10:g}" if supplement == 0xFF else f"{(main * 100 + supplement) / 1000:g}"}
    return {}


def names_itself(page: bytes, is_strap: bool) -> bool:
    """Whether a page holds the sensor's serial number: page 81, or page 2 of a strap."""
    number = common_page(page, is_strap)[:1]
    return len(page) == PAGE_BYTES and (number[0] == PRODUCT or (is_strap and number[0] == _SERIAL_OF_STRAP))


@dataclass(slots=True)
class WrappingTotal:
    """A counter of `modulus` counts that a sensor sends, as a total that never falls.

    How many whole wraps a silence held follows from the rate of late. A step that this rate cannot have made is that of
    a sensor that restarted: what it counted meanwhile is not known, and nothing is added.
    """

    modulus: int
    slack: float
    total: int = 0
    _last: int | None = None
    _last_s: float = 0.0

    def add(self, raw: int, t_s: float, per_s: float) -> int:
        """Return the total at `t_s` [s], when the counter shows `raw`. per_s: counts a second, before or now,
        the greater."""
        if self._last is not None:
            step = (raw - self._last) % self.modulus
            away_s = t_s - self._last_s
            step += self.modulus * max(0, round((per_s * away_s - step) / self.modulus))
            if step <= _FASTER * per_s * (away_s + _LATE_S) + self.slack:
                self.total += step
        self._last, self._last_s = raw, t_s
        return self.total


_FASTER: Final = 1.5  # than its own rate a runner may have been meanwhile: chosen by judgement
_LATE_S: Final = 2.0  # a pod computes once a second or so and its pages come late: chosen by judgement
