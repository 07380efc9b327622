"""What the scoring command says of files and options that are wrong, and the code that it ends with."""

import os
import pickle
import re
import sys

import numpy as np
import pytest
from score_command import command, problem, score, softmax, write_csv

ROWS = 10_000  # more than two blocks: rows are numbered in the whole file
LOGITS, LABELS = problem(ROWS, 3)
P = softmax(LOGITS)
USAGE, FILE, DATA, PACKAGE = 2, 3, 4, 5


@pytest.fixture
def refused(tmp_path, capsys, monkeypatch):
    """Runs the command in a folder with good files; checks its code and its words."""
    monkeypatch.chdir(tmp_path)
    np.save("p.npy", P)
    np.save("z.npy", LOGITS)
    np.save("y.npy", LABELS)

    def run(code, words, *arguments):
        outcome = score(capsys, *arguments)
        assert (outcome.code, outcome.out) == (code, ""), outcome.err
        assert words in outcome.err
        assert outcome.err.startswith(("xent score: error: ", "usage:"))

    return run


def changed(array, place, value):
    array = array.copy()
    array[place] = value
    return array


def test_missing_files(refused):
    refused(FILE, "no.npy: no such file", "no.npy", "y.npy")
    refused(FILE, "no.csv:label: no such file", "p.npy", "no.csv:label")
    refused(FILE, "w.npy: no such file", "p.npy", "y.npy", "--sample-weights", "w.npy")
    refused(FILE, "w.npy: no such file", "p.npy", "y.npy", "--class-weights", "w.npy")
    refused(FILE, ". cannot be read: Is a directory", ".", "y.npy")


def test_unknown_formats(refused, tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1.0, 2.0]))
    refused(FILE, "a.pkl is no .npy, .npz, Parquet or CSV file (pickles are not read)", "a.pkl", "y.npy")
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    refused(FILE, "a.bin is no .npy", "a.bin", "y.npy")
    (tmp_path / "a.txt").write_bytes("0.5,é\n".encode("latin-1"))
    refused(FILE, "no text", "a.txt", "y.npy")


def test_objects_are_not_unpickled(refused):
    np.save("o.npy", np.array([[1.0, None]], object), allow_pickle=True)
    refused(FILE, "o.npy holds pickled Python objects, which are not read", "o.npy", "y.npy")
    np.savez("o.npz", a=np.array([[1.0, None]], object))
    refused(FILE, "o.npz holds pickled Python objects", "o.npz", "y.npy")


def test_damaged_files(refused, tmp_path):
    whole = (tmp_path / "p.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-1])
    refused(FILE, "cut.npy is cut short", "cut.npy", "y.npy")
    (tmp_path / "cut.npy").write_bytes(whole[:40])
    refused(FILE, "cut.npy has no valid .npy header", "cut.npy", "y.npy")
    np.savez_compressed("c.npz", p=P)
    whole = (tmp_path / "c.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[:-30])
    refused(FILE, "cut.npz is not a valid .npz file", "cut.npz", "y.npy")
    middle = len(whole) // 2
    (tmp_path / "bad.npz").write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    refused(FILE, "bad.npz is damaged", "bad.npz", "y.npy")


def test_names_in_archives(refused):
    np.savez("two.npz", p=P, y=LABELS)
    refused(FILE, "two.npz holds the arrays p, y: name one, as in two.npz:p", "two.npz", "y.npy")
    refused(FILE, "two.npz holds the arrays p, y: there is no q", "two.npz:q", "y.npy")
    refused(FILE, "p.npy is an .npy file, which has nothing of the name q", "p.npy:q", "y.npy")
    np.savez("none.npz")
    refused(FILE, "none.npz holds no arrays", "none.npz", "y.npy")


def test_shapes(refused):
    np.save("a.npy", np.zeros((ROWS, 4)))
    refused(DATA, "p.npy has (10000, 3), a.npy has (10000, 4), expected (10000,) for class indices", "p.npy", "a.npy")
    np.save("a.npy", LABELS[:-1])
    refused(DATA, "p.npy has 10000 rows, but a.npy has 9999", "p.npy", "a.npy")
    refused(DATA, "p.npy has 10000 rows, but a.npy has 9999", "p.npy", "y.npy", "--sample-weights", "a.npy")
    np.save("a.npy", np.zeros(ROWS))
    refused(DATA, "a.npy has shape (10000,), expected rows and classes", "a.npy", "y.npy")
    refused(DATA, "the shapes do not fit: p.npy has (10000, 3), y.npy has (10000,)", "p.npy", "y.npy", "--binary")
    np.save("a.npy", np.float64(1))
    refused(DATA, "a.npy has shape ()", "a.npy", "y.npy", "--binary")
    refused(DATA, "the shapes do not fit", "p.npy", "a.npy")
    np.save("a.npy", np.ones((ROWS, 2)))
    weighted = "p.npy", "y.npy", "--sample-weights=a.npy"
    refused(DATA, "a.npy has shape (10000, 2), expected (10000,), a weight a row", *weighted)
    refused(DATA, "class_weights", "p.npy", "y.npy", "--class-weights=1,2")


def test_lengths_of_more_axes(refused):
    np.save("z.npy", np.zeros((50, 4, 3)))
    np.save("y.npy", np.zeros((51, 3), int))
    refused(DATA, "z.npy has 50 positions along the first axis", "z.npy", "y.npy", "--axis=1", "--input=logits")


def test_element_types(refused):
    refused(DATA, "y.npy holds int64, expected floating numbers: PREDICTIONS comes first", "y.npy", "p.npy")
    np.save("a.npy", P.astype(complex))
    refused(DATA, "a.npy has elements of type complex128, expected numbers", "a.npy", "y.npy")
    np.save("a.npy", P.astype(str))
    refused(DATA, "expected numbers", "a.npy", "y.npy")


def test_empty_files(refused, tmp_path):
    (tmp_path / "e.csv").write_text("")
    refused(DATA, "e.csv is empty", "e.csv", "y.npy")
    refused(DATA, "e.csv is empty", "p.npy", "e.csv")
    (tmp_path / "e.csv").write_text("a,b,c\n")
    (tmp_path / "l.csv").write_text("label\n")
    refused(DATA, "e.csv has no rows", "e.csv", "l.csv")
    np.save("e.npy", np.zeros((0, 3)))
    np.save("l.npy", np.zeros(0, int))
    refused(DATA, "e.npy has shape (0, 3): there is nothing to score", "e.npy", "l.npy")
    np.save("e.npy", np.zeros((5, 0)))
    refused(DATA, "e.npy has shape (5, 0): there is nothing to score", "e.npy", "l.npy")


def test_labels(refused):
    np.save("a.npy", changed(LABELS, 9876, 12))
    refused(DATA, "a.npy, row 9876: the label 12 is outside [0, 3)", "p.npy", "a.npy")
    write_csv_labels = changed(LABELS, 9876, -1)
    with open("a.csv", "w") as file:
        file.write("label\n" + "\n".join(map(str, write_csv_labels)))
    refused(DATA, "a.csv, row 9876 (line 9878): the label -1 is outside [0, 3)", "p.npy", "a.csv")
    np.save("a.npy", changed(LABELS.astype(float), 5000, 1.5))
    refused(DATA, "a.npy, row 5000: the label is 1.5, not a class index (a whole number)", "p.npy", "a.npy")
    np.save("a.npy", changed(LABELS.astype(float), 5000, np.nan))
    refused(DATA, "a.npy, row 5000: the label is nan, not a class index", "p.npy", "a.npy")
    np.save("a.npy", changed(LABELS.astype("u8"), 7, 2**63))
    refused(DATA, "a.npy, row 7: the label is 9223372036854775808, not a class index", "p.npy", "a.npy")


def test_labels_of_more_axes(refused):
    np.save("z.npy", np.zeros((50, 4, 30, 30)))
    np.save("y.npy", changed(np.zeros((50, 30, 30), int), (40, 3, 2), 4))
    words = "y.npy, row 36092 (at [40, 3, 2]): the label 4 is outside [0, 4)"
    refused(DATA, words, "z.npy", "y.npy", "--axis=1", "--input=logits")


def test_probabilities(refused, tmp_path):
    place = LABELS[8123]
    np.save("a.npy", changed(P, (8123, place), 7))
    words = f"row 8123, class {place}: 7.0 is not a probability in [0, 1]. If these are logits, say --input logits"
    refused(DATA, f"a.npy, {words}", "a.npy", "y.npy")
    write_csv(tmp_path / "a.csv", changed(P, (8123, place), 7), ["a", "b", "c"])
    refused(DATA, f"a.csv, {words.replace(',', ' (line 8125),', 1)}", "a.csv", "y.npy")
    np.save("a.npy", changed(P.T, (place, 8123), -2))
    refused(DATA, f"row 8123, class {place}: -2.0 is not a probability", "a.npy", "y.npy", "--axis=0")
    np.save("b.npy", P > 0.5)
    np.save("a.npy", changed(P, (8123, 1), 7))
    refused(DATA, "row 24370 (at [8123, 1]): 7.0 is not a probability", "a.npy", "b.npy", "--binary")
    np.save("a.npy", changed(np.log(P), (8123, 1), 7))
    refused(DATA, "7.0 is not a log-probability", "a.npy", "b.npy", "--binary", "--input=log_probabilities")


def test_targets(refused):
    np.save("a.npy", changed(P, (8123, 2), -0.5))
    refused(DATA, "a.npy, row 8123, class 2: -0.5 is not a finite number >= 0", "p.npy", "a.npy")
    np.save("a.npy", changed(np.round(P), (8123, 2), 2))
    refused(DATA, "a.npy, row 24371 (at [8123, 2]): 2.0 is not a target in [0, 1]", "p.npy", "a.npy", "--binary")


def test_csv_cells(refused, tmp_path):
    lines = write_csv(tmp_path / "a.csv", P, ["a", "b", "c"]).read_text().splitlines()

    def fails(line, text, words):
        (tmp_path / "b.csv").write_text("\n".join(lines[: line - 1] + [text] + lines[line:]) + "\n")
        for batch in (1, ROWS):
            refused(DATA, f"b.csv, line {line}{words}", "b.csv", "y.npy", f"--batch-rows={batch}")

    fails(7000, "0.5,abc,0.5", ', column 2 (b): "abc" is not a number')
    fails(7000, "0.5,,0.5", ", column 2 (b): is empty")
    fails(7000, "0.5,0.5", " has 2 cells, but line 1 has 3")
    fails(7000, "0.5,0.5,0.1,0.2", " has 4 cells, but line 1 has 3")
    fails(7000, "", " is empty")
    fails(4097, "", " is empty")  # the end of a block
    fails(1, "", " is empty")


def test_cells_separated_by_spaces(refused, tmp_path):
    np.savetxt(tmp_path / "a.txt", P)
    lines = (tmp_path / "a.txt").read_text().splitlines()

    def fails(text, words):
        (tmp_path / "b.txt").write_text("\n".join([*lines[:6999], text, *lines[7000:]]) + "\n")
        refused(DATA, f"b.txt, line 7000{words}", "b.txt", "y.npy")

    fails("0.5 0.5", " has 2 cells, but line 1 has 3")
    fails("0.5 x 0.5", ', column 2: "x" is not a number')
    fails("", " is empty")
    (tmp_path / "b.txt").write_text("label\n1\n0 1\n")
    words = 'line 3, column 1 (label): "0 1" is not a number. Commas, semicolons, tabs or spaces separate cells'
    refused(DATA, words, "p.npy", "b.txt")


def test_one_column_of_predictions(refused, tmp_path):
    write_csv(tmp_path / "a.csv", P[:, 0], ["p"])
    words = "a.csv has one column, expected one for each class (--binary is for one probability a row)"
    refused(DATA, words, "a.csv", "y.npy")
    write_csv(tmp_path / "t.csv", np.column_stack([P[:, 0], LABELS % 2]), ["p", "label"])
    refused(DATA, "t.csv has one column", "t.csv", "t.csv:label")


def test_csv_columns(refused, tmp_path):
    write_csv(tmp_path / "a.csv", P, ["a", "b", "b"])
    refused(DATA, "a.csv:x has no column x; its columns are a, b, b", "a.csv:x", "y.npy")
    refused(DATA, "a.csv:b has several columns b", "a.csv:b", "y.npy")
    refused(DATA, "a.csv:a,b has several columns b", "a.csv:a,b", "y.npy")
    write_csv(tmp_path / "a.csv", P)
    refused(DATA, "a.csv:x has no header, so no column x (--header yes, if it has one)", "a.csv:x", "y.npy")
    write_csv(tmp_path / "a.csv", LABELS, ["label"])
    refused(DATA, "a.csv has no columns left to read", "a.csv", "a.csv:label")


def test_a_table_against_itself(refused, tmp_path):
    write_csv(tmp_path / "t.csv", np.column_stack([P, LABELS]), ["a", "b", "c", "label"])
    os.symlink("t.csv", "link.csv")
    for predictions in ("t.csv", "./t.csv", "link.csv", "t.csv:a,b,c"):
        refused(USAGE, "name its column of labels, t.csv:label", predictions, "t.csv")


def test_csv_row_counts(refused, tmp_path):
    write_csv(tmp_path / "a.csv", P[:-7])
    refused(DATA, "a.csv has 9993 rows, but y.npy has 10000", "a.csv", "y.npy")
    write_csv(tmp_path / "b.csv", LABELS, ["0"])
    hint = "Is the first line of one a header? --header tells"
    refused(DATA, f"p.npy has 10000 rows, but b.csv has 10001. {hint}", "p.npy", "b.csv")
    write_csv(tmp_path / "w.csv", np.ones(5))
    refused(DATA, "p.npy has 10000 rows, but w.csv has 5", "p.npy", "y.npy", "--sample-weights", "w.csv")


def test_parquet(refused, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def write(**columns):
        parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet", row_group_size=3000)

    gaps = LABELS.tolist()
    gaps[7654] = None
    write(p=P[:, 0], name=["x"] * ROWS, label=gaps)
    refused(DATA, "a.parquet: column name holds string, expected numbers", "a.parquet", "y.npy")
    for batch in (1, ROWS):
        words = "a.parquet:label, row 7654: column label is null"
        refused(DATA, words, "p.npy", "a.parquet:label", f"--batch-rows={batch}")
    refused(DATA, "a.parquet:q has no column q; its columns are p, name, label", "p.npy", "a.parquet:q")
    rows = P.tolist()
    rows[7654] = rows[7654][:2]
    write(p=rows)
    refused(DATA, "a.parquet, row 7654: a list of 2, but that of row 0 has 3", "a.parquet", "y.npy")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[:-20])
    refused(FILE, "a.parquet is not a valid Parquet file", "a.parquet", "y.npy")


def test_missing_packages(refused, tmp_path, monkeypatch):
    for name in ("pyarrow", "pyarrow.parquet", "matplotlib"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1PAR1")
    refused(PACKAGE, "a.parquet is a Parquet file; reading it needs pyarrow: pip install pyarrow", "a.parquet", "y.npy")
    refused(PACKAGE, "--report needs matplotlib: pip install matplotlib", "p.npy", "y.npy", "--report=r.html")


def test_options(refused):
    good = "p.npy", "y.npy"
    refused(USAGE, "invalid choice: 'odds'", *good, "--input=odds")
    refused(USAGE, "unrecognized arguments: --reduction=sum", *good, "--reduction=sum")
    refused(USAGE, "label_smoothing is 3", *good, "--label-smoothing=3")
    refused(USAGE, "logit_scale is 2, which has no meaning here", *good, "--logit-scale=2")
    refused(USAGE, "pos_weight is given, which has no meaning here", *good, "--pos-weight=2")
    refused(USAGE, "axis", "p.npy", "p.npy", "--binary", "--axis=0")
    refused(USAGE, "--axis 2 is outside the 2 dimensions of p.npy", *good, "--axis=2")
    for normalizer in ("0", "x", "inf"):
        words = f"argument --normalizer: {normalizer} is not a positive number"
        refused(USAGE, words, *good, f"--normalizer={normalizer}")
    refused(USAGE, "argument --batch-rows: 0 is less than 1", *good, "--batch-rows=0")
    refused(USAGE, "argument --worst: x is not a whole number", *good, "--worst=x")
    refused(USAGE, "required: LABELS", "p.npy")


def test_axis_of_a_table(refused, tmp_path):
    write_csv(tmp_path / "a.csv", P)
    refused(USAGE, "--axis 0: the classes of a table are its columns (a.csv)", "a.csv", "y.npy", "--axis=0")


def test_report_that_cannot_be_written(refused, monkeypatch):
    good = "p.npy", "y.npy"
    refused(FILE, "no/r.html cannot be written: there is no folder no", *good, "--report=no/r.html")
    refused(FILE, ". cannot be written: it is a folder", *good, "--report=.")
    refused(USAGE, "--report needs the name of a file", *good, "--report=")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    refused(FILE, "r.html cannot be written: permission denied", *good, "--report=r.html")


def test_report_in_the_place_of_an_input(refused, tmp_path):
    write_csv(tmp_path / "t.csv", np.column_stack([P, LABELS]), ["a", "b", "c", "label"])
    np.save("w.npy", np.ones(ROWS))
    np.save("c.npy", np.ones(3))
    os.symlink("p.npy", "link.html")
    os.link("y.npy", "hard.html")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    weighted = "--sample-weights=w.npy", "--class-weights=c.npy"
    for report in ("p.npy", "y.npy", "./p.npy", tmp_path / "y.npy", "w.npy", "c.npy", "link.html", "hard.html"):
        words = f"--report {report} would overwrite {report}"
        refused(USAGE, words, "p.npy", "y.npy", *weighted, "--report", report)
    refused(USAGE, "would overwrite t.csv", "t.csv", "t.csv:label", "--report=t.csv")
    refused(USAGE, "would overwrite c.npy", "p.npy", "p.npy", "--binary", "--pos-weight=c.npy", "--report=c.npy")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_exit_codes_of_the_process(refused):
    assert command("score", "p.npy", "y.npy").code == 0
    outcome = command("score", "no.npy", "y.npy")
    assert outcome.code == FILE and outcome.err.count("\n") == 1  # a sentence, no traceback
    assert command("score", "z.npy", "y.npy").code == DATA
    assert command("score").code == USAGE
    documented = re.findall(r"^  (\d+) +\w", command("score", "--help").out.partition("exit codes:")[2], re.MULTILINE)
    assert documented == ["0", "2", "3", "4", "5", "130", "141"]
