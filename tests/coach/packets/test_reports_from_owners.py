"""Reports that owners of real sensors sent (`tests/data/devices`): each decoded again as on their machine."""

from pathlib import Path

from coach.errors import PacketError
from coach.interchange.device_report import read_report, report_name
from coach.model.device_reports import DeviceReport
from coach.model.links import SensorUse
from coach.model.samples import Notification
from coach.packets.decoders import decoder_for
from firmware_config.loader import load_profile, load_profiles

DEVICES = Path(__file__).resolve().parents[2] / "data" / "devices"
REPORTS = sorted(DEVICES.glob("*.json"))


def decoded(report: DeviceReport) -> tuple[int, int]:
    """Readings, and packets that do not fit, of the bytes that a report keeps."""
    profile = load_profile(str(report.profile_id))
    decoder = decoder_for(profile, SensorUse("sensor", report.advertised.name, profile.id))
    for packet in report.packets:
        try:
            decoder.feed(Notification("sensor", packet.characteristic, packet.t_s, bytes.fromhex(packet.hex)))
        except PacketError:
            continue
    found = decoder.report()
    return found.n_samples, found.n_bad_packets


def test_every_report_still_means_what_it_meant() -> None:
    for path in REPORTS:
        report = read_report(path)
        assert path.name == report_name(report)
        if report.profile_id is None or report.counts is None:
            continue
        n_samples, n_bad = decoded(report)
        share = min(report.kept_s / report.seconds, 1.0)
        assert n_samples >= 0.8 * share * report.counts.n_samples, path.name
        assert n_bad <= report.counts.n_bad_packets, path.name


def test_a_profile_counts_as_tried_if_and_only_if_somebody_sent_a_report_without_problems() -> None:
    reports = [read_report(path) for path in REPORTS]
    tried = {report.profile_id for report in reports if report.profile_id and not report.problems}
    assert {profile.id for profile in load_profiles().values() if profile.is_tried_on_hardware} == tried
