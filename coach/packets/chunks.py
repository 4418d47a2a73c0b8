"""Join neighbouring motion chunks of one sensor: fewer, larger arrays cost less."""

from itertools import groupby

from coach.model.arrays import np
from coach.model.samples import ImuChunk, Sample


def joined(samples: list[Sample]) -> list[Sample]:
    """Join chunks that follow on one another, with nothing between them and alike in all but their readings."""
    if len(samples) < 2:
        return samples
    found: list[Sample] = []
    for is_motion, group in groupby(samples, key=_likeness):
        if is_motion is None:
            found += group
        else:
            found.append(_one([chunk for chunk in group if isinstance(chunk, ImuChunk)]))
    return found


def rows_of(chunk: ImuChunk, start: int, end: int) -> ImuChunk:
    """Readings start..end of a chunk, as a view; the chunk itself where that is all."""
    if start == 0 and end == len(chunk.t_s):
        return chunk
    return ImuChunk(
        chunk.wear_site,
        chunk.t_s[start:end],
        chunk.acc_mps2[start:end],
        None if chunk.gyr_radps is None else chunk.gyr_radps[start:end],
        chunk.acc_range_mps2,
        chunk.gyr_range_radps,
        chunk.rate_hz,
    )


def _likeness(sample: Sample) -> tuple[object, ...] | None:
    """What two chunks must share to become one; None for other samples."""
    if not isinstance(sample, ImuChunk):
        return None
    ranges = (sample.acc_range_mps2, sample.gyr_range_radps)
    return (sample.wear_site, sample.gyr_radps is None, *ranges, sample.rate_hz)


def _one(chunks: list[ImuChunk]) -> ImuChunk:
    first = chunks[0]
    if len(chunks) == 1:
        return first
    gyr = [chunk.gyr_radps for chunk in chunks if chunk.gyr_radps is not None]
    return ImuChunk(
        first.wear_site,
        np.concatenate([chunk.t_s for chunk in chunks]),
        np.concatenate([chunk.acc_mps2 for chunk in chunks]),
        np.concatenate(gyr) if gyr else None,
        first.acc_range_mps2,
        first.gyr_range_radps,
        first.rate_hz,
    )
