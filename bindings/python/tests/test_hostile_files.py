"""Files whose headers lie, for `xent score`: each found by the campaign `files`, and one test for each."""

import io
import zipfile

import numpy as np
import pytest
from score_command import score

P = np.full((4, 2), 0.5)


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.npy"
    np.save(path, np.zeros(4, int))
    return path


def npy(header, data=P.tobytes()):
    header = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def described(shape, dtype="'<f8'", order="False"):
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}"


def refused(capsys, tmp_path, labels, data, message, code=3):
    path = tmp_path / "file"
    path.write_bytes(data)
    outcome = score(capsys, path, labels)
    assert outcome.code == code
    assert "xent score: error: " in outcome.err and message in outcome.err


# All but the first two are no end of Python's tokens, or of its patience.
HEADERS = [described("(-4, 2)"), described("(-4, -2)"), described("((4, 2)"), "{'descr': '<f8', (", "(" * 100, "{'shape': 1L", "\n  x\n y"]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_of_npy_files(capsys, tmp_path, labels, header):
    refused(capsys, tmp_path, labels, npy(header), "has no valid .npy header")


def test_the_header_is_as_numpy_writes_it(capsys, tmp_path, labels):
    """So that the test before this one is about the headers."""
    path = tmp_path / "file"
    path.write_bytes(npy(described("(4, 2)")))
    assert score(capsys, path, labels).code == 0


def test_shapes_that_no_memory_holds(capsys, tmp_path, labels):
    refused(capsys, tmp_path, labels, npy(described(f"({2**70}, 2)")), "cut short")
    refused(capsys, tmp_path, labels, npy(described(f"({2**70}, 0)")), "there is nothing to score", code=4)


def archive(compression):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as members:
        members.writestr("p.npy", npy(described("(4, 2)")))
    return bytearray(stream.getvalue())


def test_damaged_members_of_archives(capsys, tmp_path, labels):
    data = archive(zipfile.ZIP_STORED)
    data[60] ^= 1  # in the header, which is read with the rest, as the check sum is of all
    refused(capsys, tmp_path, labels, data, "cannot be read")
    data = archive(zipfile.ZIP_DEFLATED)
    data[40:60] = b"\xff" * 20
    refused(capsys, tmp_path, labels, data, "cannot be read")


def test_sizes_in_the_directories_of_archives(capsys, tmp_path, labels):
    """A directory that announces more than the file holds: mapped, it would end the process."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as members:
        members.writestr("p.npy", npy(described("(4000, 2)")))
    data = bytearray(stream.getvalue())
    entry = data.index(b"PK\x01\x02")
    for place in (entry + 20, entry + 24):  # the sizes, compressed and not
        data[place : place + 4] = (1 << 20).to_bytes(4, "little")
    refused(capsys, tmp_path, labels, data, "cut short")
    later = bytearray(archive(zipfile.ZIP_STORED))
    entry = later.index(b"PK\x01\x02")
    later[entry + 42 : entry + 46] = (len(later) - 10).to_bytes(4, "little")  # where the member is
    refused(capsys, tmp_path, labels, later, "cannot be read")


def test_archives_of_a_later_kind(capsys, tmp_path, labels):
    data = archive(zipfile.ZIP_STORED)
    entry = data.index(b"PK\x01\x02")
    data[entry + 6] = 255  # the version that it takes to read it
    refused(capsys, tmp_path, labels, data, "is not a valid .npz file")
