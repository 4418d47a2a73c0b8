"""Our own firmware, compiled here and run for a minute against a simulated chip: every frame decodes, at its time."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from coach.model.links import SensorUse
from coach.model.samples import Gap, ImuChunk, Notification
from coach.model.sites import WearSite
from coach.model.units import GRAVITY_MPS2
from coach.packets.coach_board import decode_description, decode_frame
from coach.packets.decoders import decoder_for
from firmware_config.loader import load_profile
from tests.support.common import missing, mostly_slow, mostly_slow_rows

ROOT = Path(__file__).resolve().parents[2]
SKETCHES = ROOT / "firmware_config" / "boards"
DOUBLES = Path(__file__).resolve().parent / "boards"
LIBRARY = SKETCHES / "libraries" / "CoachBoard"
# By sketch: the rate it is set to, the rate of its simulated chip, and how long the test makes it stall [s].
ESP32, XIAO = "esp32_mpu6050", "xiao_nrf52840_sense"
BOARDS = {ESP32: (200.0, 200 / 1.014, 2.0), XIAO: (208.0, 205.0, 3.0)}
STRICT = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{DOUBLES}"]
FRAMES = "c0ac0001-7a1e-4b5c-9d2f-52554e4e4552"


@dataclass(frozen=True)
class Run:
    """description: as read. chips: when the chip began, the number of its first reading and its interval [us]."""

    description: bytes
    chips: list[tuple[float, int, float]]
    frames: list[tuple[float, bytes]]
    is_asleep: bool

    def made_s(self, reading: np.ndarray) -> np.ndarray:
        """When readings of these numbers were made."""
        made = np.full(len(reading), np.nan)
        for begun_us, first, interval_us in self.chips:
            made = np.where(reading >= first, (begun_us + (reading - first) * interval_us) * 1e-6, made)
        return made


def compiled(sketch: str, program: Path, *defines: str, source: Path | None = None) -> Path:
    if shutil.which("g++") is None:
        missing("no g++: apt-get install g++")
    path = source or SKETCHES / sketch / f"{sketch}.ino"
    flags = [*STRICT, f"-I{LIBRARY / 'src'}", f'-DSKETCH="{path}"', *defines]
    subprocess.run(["g++", *flags, DOUBLES / f"{sketch}.cpp", "-o", program], check=True)
    return program


def as_the_arduino_builder_makes_it(sketch: str, folder: Path) -> Path:
    """The C++ that Arduino's own builder makes of a sketch: its libraries found, prototypes added.

    Its platform is this computer; the libraries that the sketch includes are the doubles.
    """
    builder = shutil.which("arduino-builder")
    if builder is None:
        missing("no arduino-builder: apt-get install arduino-builder")
    core = folder / "hardware" / "doubles" / "computer" / "cores" / "core"
    core.mkdir(parents=True)
    (core.parents[1] / "boards.txt").write_text("this.name=This\nthis.build.board=THIS\nthis.build.core=core\n")
    recipes = [
        f'recipe.{kind}.o.pattern=g++ -std=c++17 -c {{includes}} "{{source_file}}" -o "{{object_file}}"'
        for kind in ("cpp", "c", "S")
    ]
    preprocess = 'recipe.preproc.macros=g++ -std=c++17 -w -x c++ -E -CC {includes} "{source_file}" -o'
    lines = ["name=Doubles", "version=1", *recipes, f'{preprocess} "{{preprocessed_file_path}}"']
    (core.parents[1] / "platform.txt").write_text("\n".join(lines) + "\n")
    shutil.copy(DOUBLES / "Arduino.h", core)
    for header in ("ArduinoBLE", "LSM6DS3", "NimBLEDevice", "Wire"):
        (folder / "libraries" / header).mkdir(parents=True)
        shutil.copy(DOUBLES / f"{header}.h", folder / "libraries" / header)
    built = folder / "built"
    built.mkdir()
    options = {
        "hardware": ["/usr/share/arduino-builder", core.parents[3]],
        "tools": ["/usr/bin"],
        "libraries": [folder / "libraries", LIBRARY.parent],
        "fqbn": ["doubles:computer:this"],
        "build-path": [built],
    }
    words = [word for name, values in options.items() for value in values for word in (f"-{name}", str(value))]
    path = SKETCHES / sketch / f"{sketch}.ino"
    subprocess.run([builder, "-preprocess", *words, path], check=True, capture_output=True)
    return built / "sketch" / f"{sketch}.ino.cpp"


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {sketch: compiled(sketch, tmp_path_factory.mktemp(sketch) / "board") for sketch in BOARDS}


def run(board: Path, *arguments: str) -> Run:
    said = subprocess.run([board, *arguments], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in said.splitlines()]
    return Run(
        description=next(bytes.fromhex(row[1]) for row in rows if row[0] == "read"),
        chips=[(float(row[1]), int(row[2]), float(row[3])) for row in rows if row[0] == "chip"],
        frames=[(float(row[1]) * 1e-6, bytes.fromhex(row[2])) for row in rows if row[0] == "frame"],
        is_asleep=rows[-1] == ["asleep", "1"],
    )


def sent_small(boards: dict[str, Path], sketch: str, folder: Path) -> Run:
    """What it sends over a link with an MTU of 23: by itself, or as it was compiled."""
    if sketch == ESP32:
        return run(boards[sketch], "mtu23")
    return run(compiled(sketch, folder / "small", "-DSMALL_FRAMES=1"))


@pytest.mark.parametrize("is_small", [False, True], ids=["frames", "small frames"])
@pytest.mark.parametrize("sketch", BOARDS)
def test_a_minute_of_frames_decodes_with_every_reading_at_its_time_and_the_lost_ones_counted(
    boards: dict[str, Path], sketch: str, is_small: bool, tmp_path: Path
) -> None:
    seen = sent_small(boards, sketch, tmp_path) if is_small else run(boards[sketch])
    assert {decode_frame(payload).is_small for _, payload in seen.frames} == {is_small}
    if is_small:
        assert {len(payload) for _, payload in seen.frames} == {20}
        steps = np.diff([decode_frame(payload).sequence for _, payload in seen.frames]) % 256
        assert sorted(steps)[-2:] == [1, 2]  # what ran over has a number of its own
    nominal_hz, true_hz, stall_s = BOARDS[sketch]
    assert seen.is_asleep
    use = SensorUse("board", "Coach", "coach_board", WearSite.LEFT_FOOT, settings=(("rate_hz", f"{nominal_hz:g}"),))
    decoder = decoder_for(load_profile("coach_board"), use)
    samples = [s for t_s, payload in seen.frames for s in decoder.feed(Notification("board", FRAMES, t_s, payload))]
    chunks = [s for s in samples if isinstance(s, ImuChunk)]
    report = decoder.report()
    assert (report.n_bad_packets, report.n_duplicates, report.n_clipped) == (0, 0, 0)
    reading = np.rint(np.concatenate([c.acc_mps2[:, 0] for c in chunks]) / GRAVITY_MPS2 * 2048).astype(int)
    assert (np.diff(reading) >= 1).all()
    acc = np.concatenate([c.acc_mps2 for c in chunks])
    assert np.allclose(acc[:, 1], -acc[:, 0])
    assert np.allclose(acc[:, 2], GRAVITY_MPS2)
    gyr = np.concatenate([c.gyr_radps for c in chunks if c.gyr_radps is not None])
    gyr_counts = gyr / decode_frame(seen.frames[0][1]).scale.gyr_radps
    assert np.allclose(gyr_counts, np.column_stack([reading // 2, 0 * reading, 0 * reading - 1]), atol=0.01)
    assert report.rate_hz == pytest.approx(true_hz, rel=0.01)
    (gap,) = [s for s in samples if isinstance(s, Gap)]
    assert (gap.start_s, gap.end_s) == (pytest.approx(30.0, abs=0.2), pytest.approx(30.0 + stall_s, abs=0.2))
    late_s = np.concatenate([c.t_s for c in chunks]) - seen.made_s(reading)
    for begun_us, first, _ in seen.chips:
        steady = (reading >= first) & (reading < first + 5000) & (seen.made_s(reading) > begun_us * 1e-6 + 10.0)
        assert np.ptp(late_s[steady]) < 0.004


@pytest.mark.parametrize(
    ("sketch", "define"), mostly_slow_rows([(ESP32, "-DBATTERY_PIN=1"), (XIAO, "-DHAS_BATTERY=1")], n_quick=1)
)
def test_a_board_with_a_cell_says_its_charge_and_one_without_says_none(
    boards: dict[str, Path], tmp_path: Path, sketch: str, define: str
) -> None:
    """3.8 V, behind each board's own resistors."""
    for board, is_said in ((compiled(sketch, tmp_path / "board", define), True), (boards[sketch], False)):
        said = subprocess.run([board], check=True, capture_output=True, text=True).stdout
        assert ("battery 55" in said.splitlines()) is is_said
        assert ("battery" in said) is is_said


def test_without_its_chip_a_board_says_so_by_its_name(boards: dict[str, Path]) -> None:
    said = subprocess.run([boards[XIAO], "nochip"], check=True, capture_output=True, text=True).stdout
    assert said.splitlines()[0] == "name Coach no chip"


@pytest.mark.parametrize("sketch", BOARDS)
def test_frames_fit_one_notification_and_are_numbered_one_by_one(boards: dict[str, Path], sketch: str) -> None:
    payloads = [payload for _, payload in run(boards[sketch]).frames]
    frames = [decode_frame(payload) for payload in payloads]
    assert {len(payload) for payload in payloads} == {132}
    steps = np.diff([frame.sequence for frame in frames])
    assert sorted(set(steps)) == [1, 2]  # what ran over has a number of its own
    assert (steps == 2).sum() == 1


@pytest.mark.parametrize(
    ("sketch", "asked_hz", "given_hz", "bandwidth_hz"),
    [(ESP32, 40, 50, 21), (ESP32, 104, 200, 94), (ESP32, 208, 200, 94), (XIAO, 40, 52, 26), (XIAO, 208, 208, 104)],
)
def test_it_takes_the_nearest_settings_it_has_and_says_so(
    boards: dict[str, Path], sketch: str, asked_hz: int, given_hz: int, bandwidth_hz: int
) -> None:
    described = decode_description(run(boards[sketch], str(asked_hz)).description)
    assert (described.rate_hz, described.acc_range_g, described.gyr_range_dps) == (given_hz, 8, 1000)
    assert described.bandwidth_hz == bandwidth_hz


@pytest.mark.parametrize("sketch", BOARDS)
def test_a_write_that_is_no_control_write_changes_nothing(boards: dict[str, Path], sketch: str) -> None:
    """ArduinoBLE fills up what is declared of fixed length: four bytes would come as nine."""
    assert run(boards[sketch], "short").description == run(boards[sketch]).description


def test_the_doubles_have_the_signatures_of_the_libraries() -> None:
    subprocess.run(["g++", *STRICT, "-fsyntax-only", DOUBLES / "signatures.cpp"], check=True)


@pytest.mark.parametrize("sketch", BOARDS)
def test_a_sketch_calls_nothing_whose_signature_was_not_read(sketch: str) -> None:
    source = (SKETCHES / sketch / f"{sketch}.ino").read_text()
    text, library = (re.sub(r"//.*", "", t) for t in (source, (LIBRARY / "src" / "CoachBoard.h").read_text()))
    known = set(re.findall(r"&(?:\w+::)?(\w+)>", (DOUBLES / "signatures.cpp").read_text()))
    own = set(re.findall(r"(\w+)\([^;{}()]*\)(?: const)?(?: override)? \{", text + library))
    made = r"^(?:BLE\w+|LSM6DS3) \w+\("  # an object, with what it is made of
    called = set(re.findall(r"(?<![\w:~])([a-z]\w+)\(", re.sub(made, "", text, flags=re.M)))
    called |= set(re.findall(r"NimBLEDevice::(\w+)\(", text))
    assert len(called) > 15
    assert called - own - {"memcpy", "uint16_t"} <= known  # of C++ itself


@pytest.mark.parametrize("sketch", mostly_slow(BOARDS, n_quick=1))
def test_as_the_arduino_builder_makes_it_a_sketch_does_the_same(
    boards: dict[str, Path], sketch: str, tmp_path: Path
) -> None:
    made = as_the_arduino_builder_makes_it(sketch, tmp_path)
    assert "#line 1" in made.read_text()
    assert run(compiled(sketch, tmp_path / "board", source=made)) == run(boards[sketch])


def test_what_builds_a_frame_is_written_once_where_the_arduino_builder_finds_it() -> None:
    """A sketch's folder is copied and nothing beside it; a library is found by its properties and its src folder."""
    properties = dict(line.split("=", 1) for line in (LIBRARY / "library.properties").read_text().splitlines())
    assert {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "architectures"} <= {
        *properties
    }
    assert (properties["name"], properties["includes"]) == (LIBRARY.name, "CoachBoard.h")
    for sketch in BOARDS:
        text = (SKETCHES / sketch / f"{sketch}.ino").read_text()
        assert "#include <CoachBoard.h>\n" in text
        assert "crc" not in text
        assert [path.name for path in (SKETCHES / sketch).iterdir()] == [f"{sketch}.ino"]
