"""What a phone takes along is whole, always the same bytes, and small enough; a changed byte is found."""

import gzip
import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from coach.cli.root import coach
from coach.errors import UserError
from web.phone_bundle import (
    CORE,
    CORE_PARTS,
    ROOT,
    RUNTIME,
    core_zip,
    make_bundle,
    page_files,
    runtime_faults,
    runtime_manifest,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RUNTIME, tmp_path / "runtime"))


def test_the_vendored_runtime_is_as_its_manifest_says() -> None:
    assert runtime_faults() == []


def test_a_changed_byte_is_found(copy: Path) -> None:
    numpy = next(copy.glob("numpy-*.whl"))
    content = bytearray(numpy.read_bytes())
    content[len(content) // 2] ^= 1
    numpy.write_bytes(bytes(content))
    assert runtime_faults(copy) == [f"{numpy.name}: its bytes are not those of the manifest"]


def test_a_missing_file_and_a_torn_one_are_found(copy: Path) -> None:
    (copy / "python_stdlib.zip").unlink()
    packed = copy / "pyodide.asm.wasm.gz"
    packed.write_bytes(packed.read_bytes()[:-100])
    faults = runtime_faults(copy)
    assert [fault.split(":")[0] for fault in faults] == ["pyodide.asm.wasm", "python_stdlib.zip"]


def test_another_numpy_is_not_accepted_even_with_its_own_hash_in_the_manifest(copy: Path) -> None:
    lock = copy / "pyodide-lock.json.gz"
    text = gzip.decompress(lock.read_bytes()).decode()
    numpy = next(row["sha256"] for row in runtime_manifest(copy) if row["name"].startswith("numpy-"))
    changed = text.replace(numpy, "0" * 64).encode()
    lock.write_bytes(gzip.compress(changed))
    manifest = json.loads((copy / "manifest.json").read_text())
    for row in manifest["files"]:
        if row["name"] == "pyodide-lock.json":
            row["sha256"] = hashlib.sha256(changed).hexdigest()
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert runtime_faults(copy) == ["numpy: its hash is not the one in the official lock of the runtime"]


def test_the_same_code_gives_the_same_bundle_and_other_code_another() -> None:
    page = page_files()
    assert core_zip() == core_zip()
    assert make_bundle(page).version == make_bundle(page).version
    other = make_bundle({**page, "js/dom.js": b"// other"})
    assert other.version != make_bundle(page).version
    assert other.core_version == make_bundle(page).core_version


def test_it_stays_under_15_mb_on_the_wire_and_each_file_unpacks_to_its_hash() -> None:
    bundle = make_bundle(page_files())
    assert bundle.wire_bytes < 15e6
    for file in bundle.files.values():
        assert len(file.unpacked()) == file.n_bytes, file.name
    assert bundle.packages[-1] == CORE


def test_the_runtime_stays_on_disk_and_a_lost_file_is_named(copy: Path) -> None:
    bundle = make_bundle(page_files())
    assert sum(len(file.held) for file in bundle.files.values() if isinstance(file.held, bytes)) < 1e6
    assert bundle.wire_bytes == sum(len(file.content()) for file in bundle.files.values())
    numpy = next(file for file in bundle.files.values() if file.name.startswith("numpy-"))
    lost = replace(numpy, held=copy / "lost.whl")
    with pytest.raises(UserError, match=r"lacks lost\.whl: install again"):
        lost.content()


def test_the_parts_of_the_core_exist() -> None:
    assert [part for part in CORE_PARTS if not (ROOT / part).exists()] == []


def test_every_vendored_file_has_a_licence_and_a_package_and_no_address() -> None:
    text = (RUNTIME.parent / "LICENSES.md").read_text("utf-8")
    for row in runtime_manifest():
        assert row["licence"], row["name"]
        assert row["package"].startswith(("npm ", "PyPI ")), row["name"]
        assert re.split(r"[-.]", row["name"])[0].split("_")[0] in text.lower(), row["name"]
    assert "://" not in (RUNTIME / "manifest.json").read_text("utf-8")


@pytest.mark.slow
def test_the_command_says_that_all_is_well() -> None:
    found = CliRunner().invoke(coach, ["phone", "check", "--json"])
    assert found.exit_code == 0, found.output
    document = json.loads(found.output)
    assert document["is_fine"]
    assert document["faults"] == []
    if shutil.which("node"):
        assert document["node"]["n_profiles"] >= 10
