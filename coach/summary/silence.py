"""A sensor that fell silent and did not come back: what it did not send, until the end of the run, is missing.

A gap is seen when the reading after it arrives. After the last reading none arrives, so a sensor that died in the first
minute had "nothing missing". Only the end of the run shows how long it was silent.
"""

import dataclasses
from typing import Final

from coach.model.samples import Gap, StreamReport

# The link reports silence after 3 s (coach.radio.link); sensors that notify once a second, and a batch that
# was being sent when the run was stopped, stay below 5. Chosen by judgement.
SILENT_S: Final = 5.0


def silence_counted(report: StreamReport, end_s: float) -> StreamReport:
    """Return the report with what is missing between its last reading and `end_s`, the end of the run [s]."""
    last_s = report.last_s if report.last_s is not None else 0.0
    silent_s = end_s - last_s
    if silent_s < SILENT_S or report.silent_s:
        return report
    n_missing = round(report.rate_hz * silent_s) if report.rate_hz else 0
    gap = Gap(report.sensor_id, report.wear_site, last_s, end_s, n_missing)
    return dataclasses.replace(
        report, silent_s=silent_s, n_missing=report.n_missing + n_missing, gaps=(*report.gaps, gap)
    )


def lost_before(report: StreamReport) -> int:
    """Return the number of readings lost while the sensor still sent."""
    return report.n_missing - (report.gaps[-1].n_missing if report.silent_s and report.gaps else 0)


def silent_share(report: StreamReport) -> float:
    """Return the share of the run, 0-1, from the last reading to the end."""
    end_s = (report.last_s or 0.0) + report.silent_s
    return report.silent_s / end_s if end_s else 0.0
