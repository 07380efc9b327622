"""What the documentation says runs: docstrings, README, examples, versions, types."""

import doctest
import inspect
import re
import runpy
from pathlib import Path

import pytest

import xent
import xent._library
import xent._options

FOLDER = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("subject", [xent, xent.binary_cross_entropy, xent.categorical_cross_entropy,
                                     xent.gradient_descent], ids=lambda subject: subject.__name__)  # fmt: skip
def test_docstring(subject):
    tests = [test for test in doctest.DocTestFinder(recurse=False).find(subject, globs={}) if test.examples]
    assert tests
    for test in tests:
        assert doctest.DocTestRunner().run(test).failed == 0


def test_readme():
    assert doctest.testfile(str(FOLDER / "README.md"), module_relative=False).failed == 0


@pytest.mark.parametrize("path", sorted((FOLDER / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_example(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_everything_public_is_documented():
    for name in xent.__all__:
        assert inspect.getdoc(getattr(xent, name)), name
    for function in (xent.binary_cross_entropy, xent.categorical_cross_entropy, xent.gradient_descent):
        for name in inspect.signature(function).parameters:
            assert re.search(rf"^ {{4}}[\w, \\]*\b{name}\b", function.__doc__, re.MULTILINE), name


def test_keywords_and_defaults():
    binary = inspect.signature(xent.binary_cross_entropy).parameters
    categorical = inspect.signature(xent.categorical_cross_entropy).parameters
    assert set(categorical) - set(binary) == {"log_sum_exp", "argmax"}
    for name, parameter in binary.items():
        assert parameter.default == categorical[name].default
    assert categorical["probability_floor"].default == 1e-15
    assert categorical["logit_scale"].default == 1.0


def test_every_word_of_an_enumeration_is_documented():
    for function in (xent.binary_cross_entropy, xent.categorical_cross_entropy):
        for name in ("input", "reduction", "divisor", "measure"):
            words = getattr(xent._options, f"{name.upper()}S")
            listed = ", ".join(f'"{word}"' for word in words)
            assert f"    {name} : {{{listed}}}, default " in function.__doc__


def test_documented_defaults():
    for function in (xent.binary_cross_entropy, xent.categorical_cross_entropy):
        for name, parameter in inspect.signature(function).parameters.items():
            found = re.search(rf"^    {name} : .*, default (.*)$", function.__doc__, re.MULTILINE)
            if found:
                shown = found[1].strip('"')
                assert str(parameter.default) == shown or float(parameter.default) == float(shown), name


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+", xent.__version__)
    header = FOLDER.parents[1] / "include" / "xent.h"
    if header.exists():
        assert f'#define XENT_VERSION "{xent.__version__}"' in header.read_text()


def test_defaults_are_the_library_s():
    options = xent._library.Options.from_buffer_copy(xent._library.DEFAULT_OPTIONS)
    assert (options.input, options.axis, options.reduction, options.num_threads) == (0, -1, 0, 0)
    assert (options.probability_floor, options.logit_scale, options.focal_alpha) == (1e-15, 1.0, -1.0)


def test_typed():
    assert (Path(xent.__file__).parent / "py.typed").exists()
