"""Read a recording: its header, notifications and events, up to where the MCAP file is sound."""

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, DataEnd, Footer, Metadata
from mcap.stream_reader import get_chunk_data_stream
from zstandard import ZstdError

from coach.errors import RecordingError
from coach.model.frozen import dataclass
from coach.model.recordings import RecordingHeader, RunEvent
from coach.model.samples import Notification
from coach.recording.layout import EVENTS_TOPIC, HEADER_NAME, NS_PER_S, SENSOR_NAME, header_from_metadata, unix_ns

# Whatever a torn or flipped byte can make the reader stumble over; the sound part before it stays good.
_TORN: Final = (
    McapError,
    ZstdError,
    struct.error,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
)
# A record holds at most a chunk of a second or a profile; a larger length is a torn byte.
_RECORD_LIMIT: Final = 64 * 2**20
_MAGIC: Final = b"\x89MCAP0\r\n"
_READ: Final[dict[int, Callable[[ReadDataStream], object]]] = {
    Opcode.METADATA: Metadata.read,
    Opcode.CHUNK: Chunk.read,
    Opcode.DATA_END: DataEnd.read,
    Opcode.FOOTER: Footer.read,
}
_RECORD: Final = struct.Struct("<BQ")
_MESSAGE: Final = struct.Struct("<BQH4xQ8x")  # a record's head, too
_IS_MESSAGE: Final = int(Opcode.MESSAGE)  # on a hot path a member of an enumeration is dear
_NO_CHANNEL: Final = -1
_Channel = tuple[str, str] | None  # sensor and characteristic; None: events


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording on disk. is_complete: the file was finished in order (else it was cut off and needs recovery)."""

    path: Path
    header: RecordingHeader
    is_complete: bool

    def items(self) -> Iterator[Notification | RunEvent]:
        """Yield all that was kept, in the order it was kept;
        a recording that was cut off ends where its sound part ends.

        Raises:
            RecordingError: a finished recording is damaged; everything before the damage was given.
        """
        yield from self._walk(is_strict=self.is_complete)

    def sound_items(self) -> Iterator[Notification | RunEvent]:
        """Yield the items up to the first damage, whatever comes after."""
        yield from self._walk(is_strict=False)

    def _walk(self, is_strict: bool) -> Iterator[Notification | RunEvent]:
        channels: dict[int, _Channel] = {}
        start_ns = unix_ns(self.header.started_at)
        has_end = False
        for record in _records(self.path):
            has_end = isinstance(record, Footer)
            if not isinstance(record, Chunk):
                continue
            items: list[Notification | RunEvent] = []
            is_torn = False
            try:
                _read_items(record, channels, start_ns, items)
            except _TORN:
                is_torn = True
            yield from items
            if is_torn:
                break
        if is_strict and not has_end:
            raise RecordingError(
                f"{self.path} is damaged: only what is before the damage can be read; `coach analyse` does"
            )

    def notifications(self) -> Iterator[Notification]:
        """Yield the notifications alone, as `items` does; raises as it does."""
        return (item for item in self.items() if isinstance(item, Notification))

    def events(self) -> Iterator[RunEvent]:
        """Yield the events alone, as `items` does; raises as it does."""
        return (item for item in self.items() if isinstance(item, RunEvent))


def read_recording(path: Path) -> Recording:
    """Open a recording, whole or cut off.

    Raises:
        RecordingError: there is no such file, or its beginning is not that of a recording of ours.
    """
    header: dict[str, str] | None = None
    sensors = []
    is_complete = False
    for record in _records(path, is_outline=True):
        if isinstance(record, Metadata) and record.name == HEADER_NAME:
            header = record.metadata
        elif isinstance(record, Metadata) and record.name == SENSOR_NAME:
            sensors.append(record.metadata)
        is_complete = isinstance(record, Footer)
    if header is None:
        raise RecordingError(f"{path} is not a recording of this program, or too little of it is left to read")
    while True:
        try:
            return Recording(path, header_from_metadata(header, sensors), is_complete)
        except (ValueError, KeyError) as error:
            if is_complete or not sensors:
                raise RecordingError(f"the header of {path} is damaged: nothing can be read from it") from error
            sensors.pop()  # the last record of a torn file may be half of one


def _records(path: Path, is_outline: bool = False) -> Iterator[object]:
    """Yield chunks, metadata and the footer of a file, up to its first damage, chunks packed.

    An outline leaves chunks out, and does not check the file's sum. The library's own reader makes an object of every
    index, of which a log has more than of chunks; so the records are walked here: the magic bytes, then of each u8 kind
    and u64 length (mcap.dev/spec, "File structure").
    """
    if path.is_dir():
        raise RecordingError(f"{path} is a folder without recording.json: give an .mcap file, or a reference folder")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise RecordingError(f"cannot read {path}: {error.strerror}. Give the path of a recording") from error
    with stream:
        try:
            yield from _walked(stream, is_outline)
        except OSError as error:
            raise RecordingError(f"cannot read {path}: {error.strerror}. Check the disk") from error


def _walked(stream: BinaryIO, is_outline: bool) -> Iterator[object]:
    checksum = zlib.crc32(magic := stream.read(len(_MAGIC)))
    if magic != _MAGIC:
        return
    size = os.fstat(stream.fileno()).st_size
    while len(head := stream.read(_RECORD.size)) == _RECORD.size:
        kind, length = _RECORD.unpack(head)
        if length > _RECORD_LIMIT or stream.tell() + length > size:
            return
        if is_outline and kind not in (Opcode.METADATA, Opcode.FOOTER):
            stream.seek(length, os.SEEK_CUR)
            continue
        body = stream.read(length)
        try:
            record = _READ[kind](ReadDataStream(BytesIO(body))) if kind in _READ else None
        except _TORN:
            return
        if isinstance(record, DataEnd) and not is_outline and record.data_section_crc not in (0, checksum):
            return
        checksum = zlib.crc32(body, zlib.crc32(head, checksum))
        if record is not None:
            yield record
        if isinstance(record, Footer):
            return


def _read_items(
    chunk: Chunk, channels: dict[int, _Channel], start_ns: int, items: list[Notification | RunEvent]
) -> None:
    """Add a chunk's items to `items`, and its channels to `channels`. Raises what is `_TORN`.

    The library's own reader makes an object of each record, which takes half the time of reading a run; so the records
    are walked here: u8 kind, u64 length; a message: u16 channel, u32 number, u64 log time, u64 publish time, data
    (mcap.dev/spec, "Records").
    """
    stream, size = get_chunk_data_stream(chunk, validate_crc=True)
    data = stream.read(size)
    unpack, n_head, n_message = _MESSAGE.unpack_from, _RECORD.size, _MESSAGE.size  # asked for with each record
    at = 0
    while at < size:
        if at + n_message <= size:  # one step for both: of the most records, messages
            kind, length, channel_id, log_ns = unpack(data, at)
        else:
            (kind, length), channel_id, log_ns = _RECORD.unpack_from(data, at), _NO_CHANNEL, 0
        begin, at = at, at + n_head + length
        if at > size:
            raise EOFError
        if kind == _IS_MESSAGE:
            payload = data[begin + n_message : at]
            sensor = channels[channel_id]
            if sensor is None:
                items.append(_event(payload))
                continue
            sensor_id, characteristic = sensor
            items.append(Notification(sensor_id, characteristic, (log_ns - start_ns) / NS_PER_S, payload))
        elif kind == Opcode.CHANNEL:
            channel = Channel.read(ReadDataStream(BytesIO(data[begin + n_head : at])))
            channels[channel.id] = _channel(channel)


def _channel(channel: Channel) -> _Channel:
    if channel.topic == EVENTS_TOPIC:
        return None
    return channel.metadata["sensor_id"], channel.metadata["characteristic"]


def _event(data: bytes) -> RunEvent:
    document = json.loads(data)
    return RunEvent(float(document["t_s"]), str(document["kind"]), document["data"])
