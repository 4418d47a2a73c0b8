"""Fill a profile's byte template with settings: the bytes to write."""

from collections.abc import Mapping

from coach.errors import UserError

_WIDTHS = {"u8": 1, "u16": 2, "u32": 4}


def encode(
    template: str, settings: Mapping[str, float | str], codes: Mapping[str, Mapping[str, int]] | None = None
) -> bytes:
    """Return bytes of a template such as `ff aa 03 {rate_hz:code} 00`; its grammar is in `firmware_config.schema`.

    Raises:
        UserError: a value does not fit, or the sensor has no code for it; the message names those there are.
    """
    return b"".join(_encode_token(token, settings, codes or {}) for token in template.split())


def _encode_token(token: str, settings: Mapping[str, float | str], codes: Mapping[str, Mapping[str, int]]) -> bytes:
    if token.startswith("'"):
        return token[1:-1].encode("ascii")
    if not token.startswith("{"):
        return bytes.fromhex(token)
    name, form = token[1:-1].split(":")
    value = settings[name]
    if form == "text":
        return words_of(value).encode("ascii")
    if form == "code":
        table = codes[name]
        if words_of(value) not in table:
            raise UserError(f"{name} {words_of(value)} is not possible here: choose one of {', '.join(table)}")
        return bytes([table[words_of(value)]])
    return _integer(name, value, _WIDTHS[form])


def _integer(name: str, value: float | str, width: int) -> bytes:
    try:
        return int(value).to_bytes(width, "little")
    except (ValueError, OverflowError):
        raise UserError(f"{name} {value} does not fit into {width} bytes: choose a smaller number") from None


def words_of(value: float | str) -> str:
    """Return a setting as written in a path or a table: 208, 12.5, IMU6."""
    return value if isinstance(value, str) else f"{value:g}"
