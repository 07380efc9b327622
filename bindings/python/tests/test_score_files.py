"""The scoring command reads the same numbers from every format."""

import importlib.util
import os
import sys
import threading

import numpy as np
import pytest
from score_command import problem, score, scored, softmax, write_csv

LOGITS, LABELS = problem(9000, 4)
NAMES = ["a", "b", "c", "d"]
HAS_ARROW = importlib.util.find_spec("pyarrow") is not None
needs_arrow = pytest.mark.skipif(not HAS_ARROW, reason="pyarrow is not installed")


@pytest.fixture
def expected(tmp_path, capsys):
    np.save(tmp_path / "z.npy", LOGITS)
    np.save(tmp_path / "y.npy", LABELS)
    return numbers(scored(capsys, tmp_path / "z.npy", tmp_path / "y.npy", "--input=logits"))


def numbers(results):
    return {key: value for key, value in results.items() if key not in ("predictions", "labels", "options")}


def results(capsys, predictions, labels, *options):
    return numbers(scored(capsys, predictions, labels, "--input=logits", *options))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, capsys, expected, save):
    path = tmp_path / "both.npz"
    save(path, z=LOGITS, y=LABELS)
    assert results(capsys, f"{path}:z", f"{path}:y") == expected
    save(tmp_path / "one.npz", z=np.asfortranarray(LOGITS))  # whose rows another kernel may round otherwise
    turned = results(capsys, tmp_path / "one.npz", f"{path}:y")
    assert turned["loss_sum"] == pytest.approx(expected["loss_sum"], rel=1e-14)
    assert turned["correct"] == expected["correct"]


def test_npz_along_the_second_axis(tmp_path, capsys, expected):
    path = tmp_path / "both.npz"
    np.savez_compressed(path, z=np.ascontiguousarray(LOGITS.T), y=LABELS)
    turned = results(capsys, f"{path}:z", f"{path}:y", "--axis=0")
    assert turned["loss_sum"] == pytest.approx(expected["loss_sum"], rel=1e-14)
    assert turned["correct"] == expected["correct"]


def test_the_file_s_name_does_not_matter(tmp_path, capsys, expected):
    for name, array in (("a:1.bin", LOGITS), ("labels", LABELS)):
        with open(tmp_path / name, "wb") as file:
            np.save(file, array)
    assert results(capsys, tmp_path / "a:1.bin", tmp_path / "labels") == expected


@pytest.mark.parametrize("header", [NAMES, None, ["0", "1", "2", "3"], ["0", "1", "2", "last"]])
def test_csv(tmp_path, capsys, expected, header):
    z = write_csv(tmp_path / "z.csv", LOGITS, header)
    y = write_csv(tmp_path / "y.csv", LABELS, ["label"] if header else None)
    assert results(capsys, z, y) == expected
    assert results(capsys, z, y, "--batch-rows=1") == expected
    assert results(capsys, z, tmp_path / "y.npy") == expected


def test_header_option(tmp_path, capsys, expected):
    z = write_csv(tmp_path / "z.csv", LOGITS, ["5", "6", "7", "8"])
    y = write_csv(tmp_path / "y.csv", LABELS, ["0"])
    assert results(capsys, z, y, "--header=yes") == expected
    assert score(capsys, z, tmp_path / "y.npy", "--input=logits").code == 4
    counted = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, 1.0]])
    z = write_csv(tmp_path / "z.csv", counted.astype(int))
    np.save(tmp_path / "y.npy", [0, 1])
    assert score(capsys, z, tmp_path / "y.npy", "--input=logits").code == 4
    assert results(capsys, z, tmp_path / "y.npy", "--header=no")["rows"] == 2


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_other_csv(tmp_path, capsys, expected, delimiter, end):
    text = write_csv(tmp_path / "z.csv", LOGITS, ['"a"', "b", "c", "d"]).read_text()
    text = text.replace(",", delimiter).replace("\n", end) + end + end  # empty lines at the end
    (tmp_path / "z.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert results(capsys, tmp_path / "z.csv", tmp_path / "y.npy") == expected


@pytest.mark.parametrize("header", ["", "a b c d", "0 1 2 3"])
def test_text_of_numpy(tmp_path, capsys, expected, header):
    """Spaces between the cells, as numpy.savetxt writes by default."""
    with open(tmp_path / "z.txt", "w") as file:
        file.write(header + "\n" * bool(header))
        np.savetxt(file, LOGITS, fmt="% .18e")  # a space in place of a sign
    np.savetxt(tmp_path / "y.txt", LABELS)
    for batch in ("--batch-rows=1", "--batch-rows=9000"):
        assert results(capsys, tmp_path / "z.txt", tmp_path / "y.txt", batch) == expected
    if "a" in header:
        assert results(capsys, f"{tmp_path / 'z.txt'}:a,b,c,d", tmp_path / "y.txt") == expected


def test_lines_one_by_one(tmp_path):
    from xent.score.tables import Columns, CsvTable

    path = write_csv(tmp_path / "z.csv", LOGITS[:5])
    table = CsvTable("z", open(path, "rb"), Columns(), "auto")
    pieces = [table.take(count) for count in (1, 1, 1, 3, 1)]
    assert [len(piece) for piece in pieces] == [1, 1, 1, 2, 0]
    np.testing.assert_array_equal(np.concatenate(pieces), LOGITS[:5])


def test_csv_columns(tmp_path, capsys, expected):
    table = np.column_stack([np.arange(9000), LABELS, LOGITS[:, ::-1], np.ones(9000)])
    path = write_csv(tmp_path / "t.csv", table, ["", "label", "d", "c", "b", "a", "weight"])
    assert results(capsys, f"{path}:a,b,c,d", f"{path}:label") == expected
    assert results(capsys, f"{path}:a,b,c,d", path, "--label-column=label") == expected
    os.symlink(path, tmp_path / "link.csv")
    # What is neither labels nor weights, nor the index that pandas writes, is predictions.
    whole = results(capsys, path, f"{path}:label", "--sample-weights", f"{path}:weight")
    linked = f"{tmp_path / 'link.csv'}:label", "--sample-weights", f"{tmp_path}/../{tmp_path.name}/t.csv:weight"
    assert results(capsys, path, *linked) == whole  # the same file by other names
    assert whole["loss"] != expected["loss"]  # the columns are the other way round
    np.save(tmp_path / "turned.npy", LOGITS[:, ::-1])
    np.save(tmp_path / "ones.npy", np.ones(9000))
    turned = results(capsys, tmp_path / "turned.npy", tmp_path / "y.npy", "--sample-weights", tmp_path / "ones.npy")
    assert whole == turned


def test_csv_of_distributions_and_whole_numbers(tmp_path, capsys):
    one_hot = np.eye(4, dtype=int)[LABELS]
    np.save(tmp_path / "t.npy", one_hot.astype(float))
    np.save(tmp_path / "p.npy", np.round(softmax(LOGITS)))
    p = write_csv(tmp_path / "p.csv", np.round(softmax(LOGITS)).astype(int))
    t = write_csv(tmp_path / "t.csv", one_hot)
    whole = numbers(scored(capsys, p, t))
    assert whole == numbers(scored(capsys, tmp_path / "p.npy", tmp_path / "t.npy"))
    assert whole["targets"] == "distribution"


@pytest.mark.parametrize("shape", [(9000,), (9000, 1)])
def test_binary_column(tmp_path, capsys, shape):
    z, y = LOGITS[:, 0], LABELS % 2
    np.save(tmp_path / "z.npy", z.reshape(shape))
    np.save(tmp_path / "y.npy", y)
    array = results(capsys, tmp_path / "z.npy", tmp_path / "y.npy", "--binary")
    assert [len(entry["index"]) for entry in array["worst"]] == [len(shape)] * 10
    table = results(capsys, write_csv(tmp_path / "z.csv", z), write_csv(tmp_path / "y.csv", y), "--binary")
    for outcome in (array, table):
        outcome.pop("worst")
    assert table == array


def test_class_weights_from_a_file(tmp_path, capsys, expected):
    np.save(tmp_path / "w.npy", [1.0, 2.0, 3.0, 4.0])
    arguments = tmp_path / "z.npy", tmp_path / "y.npy"
    listed = results(capsys, *arguments, "--class-weights=1,2,3,4")
    assert listed != expected
    assert results(capsys, *arguments, "--class-weights", tmp_path / "w.npy") == listed
    csv = write_csv(tmp_path / "w.csv", [1, 2, 3, 4])
    assert results(capsys, *arguments, "--class-weights", csv) == listed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipe(tmp_path, capsys, expected):
    text = write_csv(tmp_path / "z.csv", LOGITS).read_bytes()
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[text])
    writer.start()
    assert results(capsys, tmp_path / "pipe", tmp_path / "y.npy") == expected
    writer.join()


def parquet(path, **columns):
    import pyarrow
    from pyarrow import parquet as files

    table = pyarrow.table({name: pyarrow.array(column) for name, column in columns.items()})
    files.write_table(table, path, row_group_size=2500)
    return path


@needs_arrow
def test_parquet(tmp_path, capsys, expected):
    path = parquet(tmp_path / "t.parquet", **dict(zip(NAMES, LOGITS.T)), label=LABELS)
    assert results(capsys, path, f"{path}:label") == expected
    assert results(capsys, f"{path}:a,b,c,d", path, "--label-column=label", "--batch-rows=1") == expected


@needs_arrow
def test_parquet_lists(tmp_path, capsys, expected):
    path = parquet(tmp_path / "t.parquet", logits=LOGITS.tolist(), label=LABELS)
    assert results(capsys, f"{path}:logits", f"{path}:label") == expected


@needs_arrow
def test_parquet_in_uneven_pieces(tmp_path):
    from xent.score.tables import Columns, ParquetTable

    table = ParquetTable("t", str(parquet(tmp_path / "t.parquet", **dict(zip(NAMES, LOGITS.T)))), Columns())
    pieces = [table.take(count) for count in (1000, 7, 5000, 1, 9000, 5)]
    assert [len(piece) for piece in pieces] == [1000, 7, 5000, 1, 2992, 0]
    np.testing.assert_array_equal(np.concatenate(pieces), LOGITS)


@needs_arrow
def test_parquet_element_type(tmp_path, capsys):
    """float32 stays float32."""
    single = LOGITS.astype("f4")
    np.save(tmp_path / "z.npy", single)
    np.save(tmp_path / "y.npy", LABELS)
    path = parquet(tmp_path / "t.parquet", **dict(zip(NAMES, single.T)), label=LABELS)
    assert results(capsys, path, f"{path}:label") == results(capsys, tmp_path / "z.npy", tmp_path / "y.npy")


@needs_arrow
@pytest.mark.parametrize("dtype", ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"])
def test_parquet_element_types_without_pandas(tmp_path, monkeypatch, dtype):
    from xent.score.tables import Columns, ParquetTable

    monkeypatch.setitem(sys.modules, "pandas", None)
    column = np.arange(2).astype(dtype)
    columns = ParquetTable("t", str(parquet(tmp_path / "t.parquet", a=column)), Columns())
    lists = ParquetTable("t", str(parquet(tmp_path / "l.parquet", a=list(column.reshape(2, 1)))), Columns())
    for table in (columns, lists):
        assert table.dtype == dtype
        taken = table.take(5)
        assert taken.dtype == dtype
        np.testing.assert_array_equal(taken, column.reshape(2, 1))


def test_numpy_alone(tmp_path, capsys, expected, monkeypatch):
    for name in ("rich", "rich.console", "rich.progress", "rich.table", "rich.box", "pyarrow", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    paths = tmp_path / "z.npy", tmp_path / "y.npy"
    assert results(capsys, *paths, "--progress") == expected
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    outcome = score(capsys, *paths, "--input=logits")
    assert outcome.code == 0 and "Worst rows" in outcome.out and "9,000 rows of 9,000" in outcome.err


@pytest.mark.skipif(importlib.util.find_spec("rich") is None, reason="rich is not installed")
def test_on_a_terminal(tmp_path, capsys, expected, monkeypatch):
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    outcome = score(capsys, tmp_path / "z.npy", tmp_path / "y.npy", "--input=logits")
    assert outcome.code == 0
    assert "Worst rows" in outcome.out and "─" in outcome.out  # a table of rich
