"""Ctrl-C: work stops at its next step, whatever swallowed the exception; a second one ends at once."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hanknn
from hanknn.front.cli import demo, solving
from hanknn.front.cli.command import main
from hanknn.front.progress import interrupts, work_bar, working
from hanknn.machine.work import Step

# The module alone: a child that imports the whole library takes seconds to start.
START = f"""
import gc, hashlib, importlib.util, sys, time
spec = importlib.util.spec_from_file_location("interrupts", {str(Path(interrupts.__file__))!r})
interrupts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(interrupts)
tell = lambda text: print(text, file=sys.stderr, flush=True)
"""
STEPS = """
with interrupts.handled(lambda: tell('farewell')):
    with interrupts.deferred(tell):
        for step in range(1000):
            print("step", flush=True)
            time.sleep(0.2)
            print("done", flush=True)
            interrupts.check()
"""
SWALLOWED = """
class Careless:
    def __del__(self):
        print("step", flush=True)
        end = time.monotonic() + 1.5
        while time.monotonic() < end: pass
with interrupts.handled(lambda: tell('farewell')):
    careless = Careless()
    del careless
    interrupts.check()
    print("went on")
"""
COMPILED = """
with interrupts.handled(lambda: tell('farewell')), interrupts.deferred(tell):
    print("step", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # minutes, within which no handler written in Python runs
"""


UNSAVED = COMPILED.replace(", interrupts.deferred(tell)", "")


def _interrupted(script, signals, tmp_path, wait=0.0):
    child = subprocess.Popen(
        [sys.executable, "-c", START + script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "step\n"
    time.sleep(wait)
    for _ in range(signals):
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
    try:
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    return child.returncode, out, err


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.21])
def test_a_step_is_finished_first(wait, tmp_path):
    code, out, err = _interrupted(STEPS, 1, tmp_path, wait)
    assert code != 0 and "KeyboardInterrupt" in err and interrupts.ADVICE in err
    assert out.endswith("done\n") and out.count("done") <= 3


def test_an_interrupt_that_python_drops_counts_at_the_next_step(tmp_path):
    code, out, err = _interrupted(SWALLOWED, 1, tmp_path, 0.1)
    assert "Exception ignored" in err, "the exception was not dropped: the test shows nothing"
    assert code != 0 and "went on" not in out


def test_a_second_one_ends_compiled_code_at_once(tmp_path):
    code, _, err = _interrupted(COMPILED, 2, tmp_path, 0.2)
    assert code == interrupts.CODE and interrupts.ADVICE in err and err.endswith("farewell\n")


def test_where_nothing_is_saved_one_is_enough(tmp_path):
    code, _, err = _interrupted(UNSAVED, 1, tmp_path, 0.2)
    assert code == interrupts.CODE and err == "farewell\n"


def test_reports_raise_and_quiet_ones_too(monkeypatch):
    for quiet in (True, False):
        with work_bar(quiet) as report, pytest.raises(KeyboardInterrupt):
            report(Step("design", 1, 2))
            with monkeypatch.context() as patch:
                patch.setattr(interrupts._mark, "asked", True)
                report(Step("design", 2, 2))
        with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch, working("drawing", quiet):
            patch.setattr(interrupts._mark, "asked", True)


def test_importing_and_using_the_library_leaves_signals_alone():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    assert before in (signal.default_int_handler, signal.SIG_IGN), "ignored where a shell started us in the background"
    with work_bar(True):
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["solve", "nk"], "interrupted; go on with the same command and --resume\n"),
        (["solve", "nk", "--resume"], "interrupted; go on with the same command\n"),
        (["solve", "nk", "--force"], "--resume in the place of --force\n"),
        (["demo"], "interrupted; go on with the same command and --resume\n"),
        (["check", "nk"], "interrupted\n"),
    ],
)
def test_what_to_do_next_is_told_where_there_is_something(arguments, told, capsys, monkeypatch, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    for module, name in ((solving, "solve_into"), (hanknn, "check"), (demo, "solve_into")):
        monkeypatch.setattr(module, name, interrupt)
    assert main(arguments) == interrupts.CODE
    assert capsys.readouterr().err.lstrip("\n").endswith(told)


def test_without_a_terminal_a_line_says_what_is_done(monkeypatch, capsys):
    monkeypatch.setattr("hanknn.front.progress.EVERY", 0.05)
    with work_bar() as report:
        report(Step("design (likelihoods)", 512, 1024))
        time.sleep(0.2)
    assert "design (likelihoods) 512/1,024 (" in capsys.readouterr().err
    with working("checking"):
        time.sleep(0.2)
    assert "checking (" in capsys.readouterr().err
    with working("checking", quiet=True):
        time.sleep(0.2)
    assert capsys.readouterr().err == ""


def test_an_interrupt_within_an_import_raises_nothing_there(tmp_path):
    """A compiled module that an exception breaks off may crash: the program ends before it goes back there."""
    (tmp_path / "slow_to_import.py").write_text(
        "import os, signal, time\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(5)\n"
        "except BaseException as error:\n    print('raised', type(error))\n"
    )
    program = (
        "from hanknn.machine import interrupts\n"
        "with interrupts.handled(lambda: print('ended', flush=True)):\n    import slow_to_import\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (130, "ended\n"), ended


@pytest.mark.parametrize("seconds", [0.05, 0.4, 1.2])
def test_an_interrupt_while_the_library_is_imported_ends_the_command(seconds, tmp_path):
    command = [sys.executable, "-m", "hanknn", "solve", "nk", "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        time.sleep(0.3)  # Python's own start, where nothing of ours can answer
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=30)
    assert child.returncode == 130 and told.strip().splitlines()[-1].startswith("interrupted"), told
    assert not (tmp_path / "run").exists()
