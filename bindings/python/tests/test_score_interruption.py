"""Ctrl-C: what was scored so far, whole blocks of it, and the words for it."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from score_command import environment, problem, score, scored, write_csv

import xent.__main__
import xent.score
from xent.score.arrays import WholeArray
from xent.score.statistics import ClassSums

BLOCK = 4096
LOGITS, LABELS = problem(10 * BLOCK, 3)
INTERRUPTED = 130


@pytest.fixture
def paths(tmp_path):
    np.save(tmp_path / "z.npy", LOGITS)
    np.save(tmp_path / "y.npy", LABELS)
    return tmp_path / "z.npy", tmp_path / "y.npy"


def of_the_first(tmp_path, capsys, rows):
    np.save(tmp_path / "some_z.npy", LOGITS[:rows])
    np.save(tmp_path / "some_y.npy", LABELS[:rows])
    return scored(capsys, tmp_path / "some_z.npy", tmp_path / "some_y.npy", "--input=logits")


def check(results, tmp_path, capsys, rows):
    assert results["complete"] is False
    expected = of_the_first(tmp_path, capsys, rows)
    different = {key for key in expected if results[key] != expected[key]}
    assert different == {"complete", "predictions", "labels"}


def test_between_batches(tmp_path, capsys, paths, monkeypatch):
    take = WholeArray.take

    def interrupted(self, count):
        if self.taken == 2 * BLOCK:
            raise KeyboardInterrupt
        return take(self, count)

    with monkeypatch.context() as patch:
        patch.setattr(WholeArray, "take", interrupted)
        outcome = score(capsys, *paths, "--input=logits", "--batch-rows=1", "--json")
        text = score(capsys, *paths, "--input=logits", "--batch-rows=1")
    assert outcome.code == text.code == INTERRUPTED
    assert "interrupted after 8192 rows" in outcome.err
    assert "Interrupted: these are the results of the first 8,192 rows only." in text.out
    check(outcome.json, tmp_path, capsys, 2 * BLOCK)


def test_a_block_is_never_counted_by_halves(tmp_path, capsys, paths, monkeypatch):
    add = ClassSums.add

    def signalled(self, *arguments):
        signal.raise_signal(signal.SIGINT)
        add(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ClassSums, "add", signalled)
        outcome = score(capsys, *paths, "--input=logits", "--json")
    assert outcome.code == INTERRUPTED
    check(outcome.json, tmp_path, capsys, BLOCK)


def test_before_anything_is_scored(capsys, paths, monkeypatch):
    def interrupted(self, count):
        raise KeyboardInterrupt

    monkeypatch.setattr(WholeArray, "take", interrupted)
    outcome = score(capsys, *paths, "--input=logits", "--json")
    assert outcome.code == INTERRUPTED
    assert (outcome.json["complete"], outcome.json["rows"], outcome.json["loss_sum"]) == (False, 0, 0)
    assert outcome.json["loss"] is outcome.json["bits"] is outcome.json["perplexity"] is None
    assert re.search(r"loss +-\n +-\n  perplexity +-\n", score(capsys, *paths, "--input=logits").out)


def interrupted_process(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["xent", "score", *map(str, arguments)])
    code = xent.__main__.main()
    assert (code, *capsys.readouterr()) == (INTERRUPTED, "", "xent score: interrupted\n")


def test_while_the_command_is_loaded(capsys, paths, monkeypatch):
    class Interrupting:
        def find_spec(self, name, path=None, target=None):
            if name.startswith("xent.score."):
                raise KeyboardInterrupt

    for name in [name for name in sys.modules if name.startswith("xent.score.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(xent.score, "command")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    interrupted_process(capsys, monkeypatch, *paths)


def test_while_the_files_are_opened_or_the_results_shown(capsys, paths, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    for place in ("_problem", "_print"):
        with monkeypatch.context() as patch:
            patch.setattr(f"xent.score.command.{place}", interrupted)
            interrupted_process(capsys, patch, *paths, "--input=logits")


def test_a_signal_that_is_ignored_stays_ignored(capsys, paths, monkeypatch):
    """As under nohup."""
    add = ClassSums.add

    def signalled(self, *arguments):
        signal.raise_signal(signal.SIGINT)
        add(self, *arguments)

    monkeypatch.setattr(ClassSums, "add", signalled)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        outcome = score(capsys, *paths, "--input=logits", "--json")
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert outcome.code == 0 and outcome.json["complete"] is True


def test_handler_is_put_back(capsys, paths):
    before = signal.getsignal(signal.SIGINT)
    assert score(capsys, *paths, "--input=logits").code == 0
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_signal_to_the_process(tmp_path, capsys, paths):
    """The process waits for more of a pipe when the signal comes.

    A batch is several times as long as what a pipe and the buffers behind it hold; so once three are written, two have
    been taken from the pipe and the second, at least, is being scored or done with.
    """
    text = write_csv(tmp_path / "z.csv", LOGITS[: 3 * BLOCK]).read_bytes()
    assert len(text) > 3 * 2 * 2**16
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "xent", "score", pipe, paths[1], "--input=logits", "--batch-rows=1", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    with open(pipe, "wb") as stream:
        stream.write(text)
        stream.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == INTERRUPTED, err
    assert "Traceback" not in err
    results = json.loads(out)
    assert results["rows"] in (BLOCK, 2 * BLOCK, 3 * BLOCK)
    check(results, tmp_path, capsys, results["rows"])
