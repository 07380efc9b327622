"""The page of --report: whole in itself, with its tables and pictures."""

import base64
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from score_command import environment, problem, score

from xent.score.command import main

pytest.importorskip("matplotlib")

PICTURES = ["Histogram of the losses", "Mean loss of the classes", "Reliability diagram"]
PREFIX = "data:image/svg+xml;base64,"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.words = [], [], []
        self.feed(text)
        self.pictures = {a["alt"]: a["src"] for tag, a in self.tags if tag == "img"}

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def page(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(y_pred, y_true, *options):
        np.save("a<b>.npy", y_pred)
        np.save("y.npy", y_true)
        outcome = score(capsys, "a<b>.npy", "y.npy", "--report=r.html", *options)
        assert outcome.code == 0, outcome.err
        assert "the report is in r.html" in outcome.err
        return (tmp_path / "r.html").read_text(encoding="utf-8")

    return make


def svg(source):
    assert source.startswith(PREFIX)
    return base64.b64decode(source[len(PREFIX) :], validate=True).decode()


def test_it_needs_no_other_file(page):
    text = page(*problem(2000, 6), "--input=logits")
    found = Page(text)
    assert list(found.pictures) == PICTURES
    assert not {tag for tag, _ in found.tags} & {"link", "script", "iframe", "object", "embed", "base"}
    for _, attributes in found.tags:
        for name in ("href", "src", "srcset", "data", "action", "background"):
            assert attributes.get(name, PREFIX).startswith(PREFIX)
    without_pictures = re.sub(r'src="data:[^"]*"', "", text)
    assert "//" not in without_pictures and "url(" not in without_pictures and "@import" not in without_pictures
    for source in found.pictures.values():
        for element in ElementTree.fromstring(svg(source)).iter():
            for name, value in element.attrib.items():
                assert not name.endswith(("href", "src")) or value.startswith("#")
                assert "url(" not in value or "url(#" in value


def test_key_figures_come_first(page):
    text = page(*problem(2000, 6), "--input=logits")
    assert text.index('<table class="figures">') < text.index("<img")
    words = Page(text).words
    for name in ("loss", "perplexity", "accuracy", "calibration error", "rows", "classes"):
        assert name in words
    assert re.search(r"<td>loss</td><td>\d+\.\d+ nats</td>", text)
    assert "a<b>.npy" in words  # escaped


def test_pictures_show_what_they_should(page):
    drawn = Page(page(*problem(2000, 6), "--input=logits")).pictures
    for name in PICTURES:
        root = ElementTree.fromstring(svg(drawn[name]))
        assert root.tag.endswith("svg")
        patches = [e for e in root.iter() if (e.get("id") or "").startswith("patch_")]
        assert len(patches) >= {"Histogram of the losses": 40, "Mean loss of the classes": 6}.get(name, 10)


def test_the_same_results_make_the_same_page(page):
    arguments = *problem(2000, 6), "--input=logits"
    assert page(*arguments) == page(*arguments, "--num-threads=1")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_nobody_reads_the_output(tmp_path, options):
    logits, labels = problem(2000, 6)
    np.save(tmp_path / "z.npy", logits)
    np.save(tmp_path / "y.npy", labels)
    command = [sys.executable, "-m", "xent", "score", "z.npy", "y.npy", "--input=logits", "--report=r.html", *options]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command, stdout=writing, stderr=subprocess.PIPE, text=True, env=environment(), cwd=tmp_path
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "xent score: the report is in r.html\n")
    assert (tmp_path / "r.html").read_text(encoding="utf-8").endswith("</html>\n")


def test_no_standard_output(tmp_path, capsys, monkeypatch):
    np.save(tmp_path / "z.npy", np.zeros((2, 2)))
    np.save(tmp_path / "y.npy", [0, 1])
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        code = main(["score", str(tmp_path / "z.npy"), str(tmp_path / "y.npy"), f"--report={tmp_path}/r.html"])
    assert code == 0 and (tmp_path / "r.html").exists()


def test_results_outlive_a_page_that_fails(tmp_path, capsys, monkeypatch):
    def full(results):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("xent.score.report.page", full)
    np.save(tmp_path / "z.npy", np.zeros((2, 2)))
    np.save(tmp_path / "y.npy", [0, 1])
    outcome = score(capsys, tmp_path / "z.npy", tmp_path / "y.npy", "--input=logits", f"--report={tmp_path}/r.html")
    assert outcome.code == 3 and "r.html cannot be written: No space left on device" in outcome.err
    assert "perplexity         2\n" in outcome.out


@pytest.mark.parametrize(
    "y_pred, y_true, options",
    [
        (np.array([[0.5, 0.5]]), np.array([0]), []),  # one row
        (np.array([[1.0, 0.0]]), np.array([0]), []),  # a loss of 0
        (np.array([[np.nan, 0.0]]), np.array([0]), []),  # and of NaN
        (np.array([[1.0, 0.0]]), np.array([1]), ["--probability-floor=0"]),  # and of infinity
        (np.array([[1.0, 0.0]]), np.array([5]), ["--ignore-index=5"]),  # no losses
        (np.array([[0.5, 0.5]]), np.array([1]), ["--class-weights=1,0"]),  # no weight
        (np.array([0.2, 0.9, 0.4]), np.array([0.0, 1.0, 0.5]), ["--binary"]),
        (np.array([0.2, 0.9, 0.5]), np.array([0.0, 1.0, 0.5]), ["--binary", "--poly-epsilon=-4"]),  # negative losses
        (np.zeros((100, 70)), np.arange(100) % 70, ["--input=logits"]),  # many classes
        (np.full((2, 3), 1e9), np.eye(3)[:2], ["--input=logits", "--logit-softcap=50"]),
    ],
)
def test_extremes(page, y_pred, y_true, options):
    assert list(Page(page(y_pred, y_true, *options)).pictures) == PICTURES
