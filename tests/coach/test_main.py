"""The entry point of the command line."""

import subprocess
import sys

import pytest

from coach import __main__


@pytest.mark.parametrize(("set_before", "counts"), [(None, "1"), ("2", "2")])
def test_numpy_starts_no_threads_that_wait_busily(
    monkeypatch: pytest.MonkeyPatch, set_before: str | None, counts: str
) -> None:
    monkeypatch.setenv(__main__.BLAS_THREADS, "")  # so that it is put back
    monkeypatch.delenv(__main__.BLAS_THREADS)
    if set_before is not None:
        monkeypatch.setenv(__main__.BLAS_THREADS, set_before)
    seen: list[str] = []
    monkeypatch.setattr(__main__, "coach", lambda prog_name: seen.append(__main__.os.environ[__main__.BLAS_THREADS]))
    __main__.main()
    assert seen == [counts]


def test_numpy_is_not_loaded_before_its_threads_are_chosen() -> None:
    words = "import sys, coach.__main__; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", words], check=False).returncode == 0
