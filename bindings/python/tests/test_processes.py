"""Processes, threads and signals, as servers and training programs have them: calls give the same bits everywhere."""

import functools
import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import xent

HERE = os.path.dirname(os.path.abspath(__file__))


@functools.cache
def arrays(rows, classes):
    random = np.random.default_rng(rows)
    return random.integers(0, classes, rows), random.normal(0, 4, (rows, classes)).astype(np.float32)


def digest(num_threads=0):
    """All results of calls that fit one thread and of calls that take several by themselves."""
    found = hashlib.sha1()
    for rows, classes in (20, 10), (300, 200), (2200, 500):
        labels, z = arrays(rows, classes)
        result = xent.categorical_cross_entropy(
            labels, z, input="logits", reduction="none", gradient=True, argmax=True, num_threads=num_threads
        )
        binary = xent.binary_cross_entropy(
            np.abs(z) < 1, z, input="logits", gradient=True, num_threads=num_threads
        )
        for array in result.loss, result.gradient, result.argmax, binary.gradient:
            found.update(array.tobytes())
        found.update(repr((result.loss_sum, binary.loss)).encode())
    return found.hexdigest()


@pytest.fixture(scope="module")
def expected():
    return digest(num_threads=1)


@pytest.mark.parametrize("method", [m for m in ("spawn", "fork", "forkserver") if hasattr(os, "fork") or m == "spawn"])
def test_multiprocessing(method, expected):
    assert digest() == expected
    with multiprocessing.get_context(method).Pool(3) as pool:
        assert pool.map(digest, [0, 1, 2, 5, 0, 3]) == [expected] * 6
    assert digest() == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_prefork(expected):
    """As web servers do it: the parent has called, also from several threads, and forks its workers."""
    assert digest() == expected
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if digest() == digest(num_threads=3) == expected else 2
            finally:
                os._exit(status)
        children.append(child)
    assert digest() == expected
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4


def test_64_threads(expected):
    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(digest, [number % 4 for number in range(64)])) == [expected] * 64


INTERRUPTED = """
import time, numpy, xent
z = numpy.ones((8192, 1000), numpy.float32)
labels = numpy.zeros(8192, int)
longest, ended = 0.0, time.monotonic()
try:
    while True:
        began = time.monotonic()
        xent.categorical_cross_entropy(labels, z, input="logits", gradient=z)
        ended = time.monotonic()
        if longest == 0:
            print("began", flush=True)
        longest = max(longest, ended - began)
except KeyboardInterrupt:
    print(time.monotonic() - ended, longest)
"""


def test_interruption():
    """Ctrl-C is seen within a second of the call's end; `ended` is at worst that of the call before."""
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "began\n"
        child.send_signal(signal.SIGINT)
        try:
            said = child.communicate(timeout=60)[0]
        finally:
            child.kill()
    after, longest = map(float, said.split())
    assert child.returncode == 0
    assert after <= longest + 1


def test_other_threads_run_during_a_call():
    """With a switch interval beyond any test's length another thread runs only where a call lets it."""
    labels, z = arrays(1000, 100)
    go, ran = threading.Event(), []
    interval = sys.getswitchinterval()
    other = threading.Thread(target=lambda: (go.wait(), ran.append(True)))
    other.start()
    sys.setswitchinterval(1e6)
    try:
        go.set()
        calls = 0
        while not ran and calls < 10000:
            xent.categorical_cross_entropy(labels, z, input="logits", num_threads=1)
            calls += 1
    finally:
        sys.setswitchinterval(interval)
    other.join()
    assert calls < 10000


@pytest.mark.parametrize("text", ["", "abc", "-3", "0", "1e9", "99999999999999999999"])
def test_number_of_threads_in_the_environment(text, expected):
    child = subprocess.run(
        [sys.executable, "-c", "import test_processes; print(test_processes.digest())"],
        env={**os.environ, "XENT_NUM_THREADS": text},
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.strip() == expected
