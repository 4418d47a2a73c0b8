"""The addresses of the phone's page: every file is there under its version, with its hash, and allowed no more."""

import gzip
import hashlib
import json
import posixpath
import re

import pytest
from flask.testing import FlaskClient

from web.phone_app import the_bundle
from web.phone_bundle import page_files


def test_every_file_of_the_manifest_comes_with_the_bytes_of_its_hash(client: FlaskClient) -> None:
    manifest = client.get("/phone/manifest.json").get_json()
    assert manifest["program_version"]
    for file in manifest["files"]:
        answer = client.get(f"/phone/app/{manifest['version']}/{file['name']}")
        assert answer.status_code == 200, file["name"]
        assert "immutable" in answer.headers["Cache-Control"]
        is_packed = answer.headers.get("Content-Encoding") == "gzip"
        content = gzip.decompress(answer.data) if is_packed else answer.data
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file["name"]


def test_scripts_of_the_page_are_all_in_the_bundle() -> None:
    files = page_files()
    for name, content in files.items():
        if not name.endswith(".js"):
            continue
        for target in re.findall(r"""(?:from|import) "(\.[^"]+)";""", content.decode()):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) in files, (name, target)


def test_the_page_asks_for_nothing_outside_its_bundle(client: FlaskClient) -> None:
    page = client.get("/phone/").text
    start = f"/phone/app/{the_bundle().version}/"
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        if address in ("/", "/phone/app.webmanifest") or address.startswith("#"):
            continue
        assert address.startswith(start), address
        assert address.removeprefix(start) in the_bundle().files
    assert f'data-version="{the_bundle().version}"' in page


@pytest.mark.parametrize("path", ["/phone/", "/phone/manifest.json"])
def test_only_the_phones_page_may_compile_webassembly(client: FlaskClient, path: str) -> None:
    assert "'wasm-unsafe-eval'" in client.get(path).headers["Content-Security-Policy"]
    worker = client.get(f"/phone/app/{the_bundle().version}/js/phone/worker.js")
    assert "'wasm-unsafe-eval'" in worker.headers["Content-Security-Policy"]
    for other in ("/", "/live", "/install", "/static/js/live.js"):
        policy = client.get(other, buffered=True).headers["Content-Security-Policy"]
        assert "wasm" not in policy, other
        assert "geolocation=()" in client.get(other, buffered=True).headers["Permissions-Policy"]


def test_another_versions_files_and_names_outside_are_not_found(client: FlaskClient) -> None:
    version = the_bundle().version
    for path in ("0123456789abcdef/core.zip", f"{version}/../security.py", f"{version}/nothing.js"):
        assert client.get(f"/phone/app/{path}").status_code == 404


def test_a_stranger_gets_none_of_it(client: FlaskClient) -> None:
    away = {"environ_base": {"REMOTE_ADDR": "192.168.1.77"}}
    for path in ("/phone/", "/phone/manifest.json", f"/phone/app/{the_bundle().version}/core.zip"):
        assert client.get(path, **away).status_code == 401


def test_the_home_screen_opens_the_phones_page_and_its_icons_exist(client: FlaskClient) -> None:
    manifest = json.loads(client.get("/phone/app.webmanifest").data)
    assert manifest["start_url"] == manifest["scope"] == "/phone/"
    for icon in manifest["icons"]:
        assert client.get(icon["src"], buffered=True).status_code == 200


def test_the_run_page_leads_to_it(client: FlaskClient) -> None:
    assert 'href="/phone/"' in client.get("/live").text


def test_the_service_worker_of_the_home_leaves_the_phones_files_alone(client: FlaskClient) -> None:
    script = client.get("/service-worker.js", buffered=True).text
    assert 'name.startsWith("coach-")' in script
    assert not re.search(r'const BOX = "phone', script)
