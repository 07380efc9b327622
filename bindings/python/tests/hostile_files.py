"""Damaged files for `xent score`: an exit code of its list and a message, whatever stands in them."""

import contextlib
import io
import os
import random
import tempfile

import numpy as np

from xent.score import command

_P, _Y = np.full((40, 3), 1 / 3), np.arange(40) % 3


def _npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _npz(save, **arrays):
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


WHOLE = [
    _npy(_P), _npy(np.asfortranarray(_P, np.float32)), _npz(np.savez, p=_P), _npz(np.savez_compressed, p=_P), _npz(np.savez, p=_P, y=_Y),
    b"0.5,0.25,0.25\n" * 40, b"a,b,c\n" + b"0.3,0.3,0.4\n" * 40, b"0.3 0.3 0.4\n" * 40,
]  # fmt: skip
# What headers and tables are made of.
PIECES = [
    b"-1", b"9" * 20, b"((((", b")", b"'<f8'", b"'|O'", b"'<x9'", b"True", b"None", b"0", b"\0", b"\xff", b"{", b"}", b",", b"\n", b"nan",
    b"1e999", b'"', b"'", b"L", b"\r", b"\t", b";", b"#", b"lambda:0", b"'shape'", b"\\",
]  # fmt: skip
CALLS = [
    ("file", "labels.npy"), ("file", "labels.npy", "--json"), ("file:p", "labels.npy"), ("file", "labels.npy", "--axis", "0"), ("file", "file"),
    ("whole.npy", "file"), ("file", "labels.npy", "--sample-weights", "file"), ("whole.npy", "labels.npy", "--class-weights", "file"),
]  # fmt: skip


def damaged(data, choose):
    """A file with up to six things wrong, most of them at its beginning or its end, where headers are."""
    data = bytearray(data)
    for _ in range(choose.choice([1, 1, 2, 3, 6])):
        place = choose.randrange(min(len(data), choose.choice([140, len(data)])) + 1)
        if choose.random() < 0.3:
            place = len(data) - choose.randrange(min(len(data), 120) + 1)
        kind = choose.randrange(6)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << choose.randrange(8)
        elif kind == 1 and place < len(data):
            data[place] = choose.choice([0, 1, 255])
        elif kind == 2:
            data[place:place] = choose.choice(PIECES)
        elif kind == 3:
            data[place : place + choose.randrange(8)] = choose.choice(PIECES)
        elif kind == 4:
            del data[place : place + choose.choice([1, 2, 8, 64])]
        elif kind == 5:
            del data[place:]
    return bytes(data)


def files(examples, seed, counts):
    choose = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        np.save("labels.npy", _Y)
        np.save("whole.npy", _P)
        for number in range(examples):
            data = damaged(choose.choice(WHOLE), choose)
            with open("file", "wb") as stream:
                stream.write(data)
            call = choose.choice(CALLS)
            counts["examples"] += 1
            errors = io.StringIO()
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
                    code = command.main(["score", *call])
            except SystemExit as end:  # the parser's
                code = end.code
            except Exception as error:
                raise AssertionError(f"example {number} of seed {seed}: {call} of {data!r}") from error
            assert code in (0, 2, 3, 4) and len(errors.getvalue()) < 3000
            assert (code == 0) or "error: " in errors.getvalue()
            counts["answers" if code == 0 else "refusals"] += 1
        os.chdir("/")
