"""Objects that lie about what they are, as hypothesis strategies."""

import array
import ctypes
import decimal
import fractions

import numpy as np
from guarded_memory import guarded
from hypothesis import strategies as st


class Mine(Exception):
    """What hostile objects raise themselves; a call may let it through."""


class Raises:
    """Raises wherever it is asked for anything."""

    def __init__(self, error=Mine):
        object.__setattr__(self, "error", error)

    def __getattribute__(self, name):
        raise object.__getattribute__(self, "error")("hostile")

    def __repr__(self):
        raise Mine("hostile")

    __str__ = __float__ = __index__ = __bool__ = __len__ = __iter__ = __array__ = __hash__ = __eq__ = __repr__


class Number(float):
    """A float whose conversion does what it wants."""

    def __new__(cls, value, error):
        self = super().__new__(cls, value)
        self.error = error
        return self

    def __float__(self):
        raise self.error("hostile")

    __index__ = __repr__ = __float__


class Lazy:
    """What makes an object when it is told to; examples show this and not the object, which may not want to be looked at."""

    def __init__(self, make, name):
        self.make, self.name = make, name

    def __repr__(self):
        return self.name


def made(drawn):
    """The object that a strategy of this file stands for."""
    return drawn.make() if isinstance(drawn, Lazy) else drawn


class Impostor:
    """Passes itself off as another class."""

    def __init__(self, kind):
        self.kind = kind

    @property
    def __class__(self):
        return self.kind


class Interface:
    """An __array_interface__ that may make no sense."""

    def __init__(self, interface, owner=None):
        self.__array_interface__ = interface
        self.owner = owner


class Struct:
    def __init__(self, struct):
        self.__array_struct__ = struct


class Conversion:
    """An __array__ that returns something, or raises."""

    def __init__(self, found, error=None):
        self.found, self.error = found, error

    def __array__(self, dtype=None, copy=None):
        if self.error is not None:
            raise self.error("hostile")
        return self if self.found is Ellipsis else self.found


class Exporter:
    """A DLPack exporter."""

    def __init__(self, make, device=(1, 0)):
        self._make, self._device = make, device

    def __dlpack__(self, **options):
        return self._make()

    def __dlpack_device__(self):
        if isinstance(self._device, type) and issubclass(self._device, Exception):
            raise self._device("hostile")
        return self._device


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p), ("strides", ctypes.c_void_p), ("byte_offset", ctypes.c_uint64),
    ]  # fmt: skip


class Managed(ctypes.Structure):
    _fields_ = [("tensor", DLTensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64), ("tensor", DLTensor),
    ]  # fmt: skip


_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_new_capsule.restype = ctypes.py_object


class Capsules(Exporter):
    """An exporter whose capsules hold a tensor made here. Its memory lives as long as the exporter, and its arrays do not
    outlive a call."""

    def __init__(self, name, fields, shape, strides, major=1, flags=0, device=(1, 0), once=False):
        self._memory = np.zeros(64)
        self._lengths = (ctypes.c_int64 * 70)(*shape)
        self._steps = None if strides is None else (ctypes.c_int64 * 70)(*strides)
        tensor = DLTensor(
            data=self._memory.ctypes.data, device_type=1, device_id=0, ndim=len(shape), code=2, bits=64, lanes=1,
            shape=ctypes.addressof(self._lengths), strides=self._steps and ctypes.addressof(self._steps),
        )  # fmt: skip
        for field, value in fields.items():
            setattr(tensor, field, value)
        is_versioned = name.endswith(b"_versioned")
        self._tensor = Versioned(major=major, flags=flags, tensor=tensor) if is_versioned else Managed(tensor=tensor)
        self._name, self._once, self._capsule = name, once, None
        super().__init__(self._export, device)

    def _export(self):
        if self._capsule is None or not self._once:
            self._capsule = _new_capsule(ctypes.addressof(self._tensor), self._name, None)
        return self._capsule


ERRORS = [Mine, AttributeError, BufferError, IndexError, KeyError, OverflowError, RuntimeError, TypeError, ValueError]
errors = st.sampled_from(ERRORS)

DTYPES = [
    "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "F", "D", "G", "O", "S3", "U3", "V8", "V0",
    "M8[s]", "m8[s]", ">f2", ">f4", ">f8", ">i2", ">i8", ">u8", [("a", "f8")], [("a", "f4", (3,)), ("b", "i1")],
]  # fmt: skip
dtypes = st.one_of(st.sampled_from([np.dtype(name) for name in ("f8", "f4", "i8")]), st.sampled_from([np.dtype(name) for name in DTYPES]))
SHAPES = [(), (0,), (1,), (3,), (3, 2), (0, 3), (2, 0), (1, 1), (2, 3, 1), (1,) * 64, (2, 3) + (1,) * 30]
shapes = st.one_of(st.sampled_from([(2,), (2, 3)]), st.sampled_from(SHAPES))


@st.composite
def arrays(draw):
    """Arrays of every element type and of shapes that may not fit, in every layout."""
    dtype, shape = draw(dtypes), draw(shapes)
    values = np.zeros(shape, dtype)
    if dtype.kind in "fiu" and draw(st.booleans()):
        values[...] = draw(st.sampled_from([0, 1, 0.5, 7]))
    kind = draw(st.sampled_from(["plain", "read-only", "reversed", "fortran", "broadcast", "offset", "guarded", "writable broadcast"]))
    if kind == "read-only":
        values.flags.writeable = False
    elif kind == "reversed":
        values = values[tuple(slice(None, None, -1) for _ in shape)]
    elif kind == "fortran":
        values = np.asfortranarray(values)
    elif kind == "broadcast":
        values = np.broadcast_to(np.zeros((), dtype), shape)
    elif kind == "writable broadcast":
        values = np.lib.stride_tricks.as_strided(np.zeros((), dtype), shape, (0,) * len(shape))
    elif kind == "offset" and not dtype.hasobject and values.nbytes:
        values = np.frombuffer(bytearray(values.nbytes + 1), dtype, offset=1).reshape(shape)
    elif kind == "guarded" and not dtype.hasobject and dtype.itemsize:
        values, _ = guarded(values)
    return values


# Of two and three elements as y_pred below has them, and of so many that no memory holds as many.
huge = st.sampled_from([
    np.broadcast_to(0.5, (2**40, 3)), np.broadcast_to(np.float32(0.5), 2**58), np.broadcast_to(np.int64(0), 2**40),
    np.broadcast_to(True, (2**40, 3)), np.broadcast_to(np.int8(1), 2**61),
    np.lib.stride_tricks.as_strided(np.zeros(1), (2**30, 2**20, 2**9), (0, 0, 0)),
])  # fmt: skip

_MEMORY = np.zeros(64)
_ADDRESS = _MEMORY.ctypes.data
INTERFACE_FIELDS = {
    "version": st.sampled_from([-1, 2, 4, "3", None]),
    "typestr": st.sampled_from(["<f4", "<f8", ">f8", "<f3", "<x8", "|O", "|V8", "<U2", "<c16", "", "f8" * 999, 5, None, b"<f8"]),
    "shape": st.sampled_from([
        (2, 3), (), (0, 3), (-1, 3), (2,), [2, 3], 6, None, "23", (2.0, 3), (2, None), (2**70,), (2**62, 3), (2**31, 2**31, 4),
        (True, 3), (1,) * 65, (Ellipsis,),
    ]),
    "strides": st.sampled_from([
        None, (24, 8), (8, 16), (-8, 8), (0, 0), (12, 4), (3, 1), (8,), (24, 8, 1), (2**70, 8), (-(2**70), 8), (8.0, 8), [24, 8], "ab", 5,
    ]),
    "data": st.sampled_from([
        (_ADDRESS + 256, False), (_ADDRESS + 256, True), (_ADDRESS + 257, False), (0, False), None, (None, False), ("0", False),
        (1.5, False), (2**80, False), (-(2**80), False), (_ADDRESS,), (_ADDRESS, False, 1), 5, b"", bytes(47), bytearray(48),
    ]),
    "descr": st.sampled_from([[], [("", "<f8")], [("a", "<f4"), ("b", "<f4")], 5, None]),
    "mask": st.sampled_from([None, 5]),
    "offset": st.sampled_from([0, 8, -8, 2**70, "0", None]),
}  # fmt: skip


@st.composite
def interfaces(draw):
    _MEMORY[...] = 0
    whole = {"version": 3, "typestr": "<f8", "shape": (2, 3), "data": (_ADDRESS + 256, False)}
    for name in draw(st.sets(st.sampled_from(list(INTERFACE_FIELDS)), max_size=2)):
        whole[name] = draw(INTERFACE_FIELDS[name])
    if draw(st.integers(0, 9)) == 0:
        del whole[draw(st.sampled_from(["version", "typestr", "shape", "data"]))]
    return Interface(whole, _MEMORY)


TENSOR_FIELDS = {
    "data": st.just(None),
    "device_type": st.sampled_from([0, 2, 3, 11, 99, -1]),
    "ndim": st.sampled_from([-(2**31), -1, 0, 1, 65, 1000, 2**31 - 1]),
    "code": st.sampled_from([0, 1, 2, 3, 4, 5, 6, 200]),
    "bits": st.sampled_from([0, 1, 8, 16, 32, 64, 128, 255]),
    "lanes": st.sampled_from([0, 2, 4, 65535]),
    "byte_offset": st.sampled_from([1, 8]),
}
TENSOR_SHAPES = [(2, 3), (2,), (), (0, 3), (-1, 3), (2, -(2**62)), (2**62, 2**62)]
DEVICES = [(1, 0), (3, 0), (2, 0), (1,), None, "ab", (np.zeros(2), 0), ("1", 0), (2**80, 0), KeyError, TypeError, Mine]


@st.composite
def capsules(draw):
    """Exporters of a good tensor but for up to two things."""
    fields = {"code": 4, "bits": 16} if draw(st.booleans()) else {}  # bfloat16, which NumPy does not know
    wrong = draw(st.sets(st.sampled_from(["name", "shape", "strides", "device", "major", "flags", "once", *TENSOR_FIELDS]), max_size=2))
    fields.update({name: draw(TENSOR_FIELDS[name]) for name in TENSOR_FIELDS if name in wrong})
    names = [b"dltensor", b"dltensor_versioned"]
    shape = draw(st.sampled_from(TENSOR_SHAPES)) if "shape" in wrong else (2, 3)
    strides = draw(st.sampled_from([(3, 1), (1, 2), (0, 0)])) if "strides" in wrong and shape == (2, 3) else None
    return Capsules(
        draw(st.sampled_from([*names, b"used_dltensor", b"other", b""] if "name" in wrong else names)), fields, shape, strides,
        draw(st.sampled_from([0, 2])) if "major" in wrong else 1, draw(st.sampled_from([1, 2, 2**63])) if "flags" in wrong else 0,
        draw(st.sampled_from(DEVICES)) if "device" in wrong else (1, 0), once="once" in wrong,
    )  # fmt: skip


def _released():
    view = memoryview(bytearray(48))
    view.release()
    return view


def _masked(values):
    return np.ma.masked_array(values, np.arange(np.size(values)).reshape(np.shape(values)) % 2)


class _Sequence(list):
    def __len__(self):
        return 10**9

    def __getitem__(self, index):
        raise Mine("hostile")


OBJECTS = [
    lambda: None, lambda: Ellipsis, lambda: object(), lambda: "abc", lambda: b"abc", lambda: {}, lambda: {1: 2}, lambda: {0.5},
    lambda: (value for value in (0.5,)), lambda: range(2), lambda: iter([0.5]), lambda: int, lambda: np.ndarray, lambda: np,
    lambda: 10**400, lambda: 10**5000, lambda: 1j, lambda: float("nan"), lambda: decimal.Decimal("0.5"),
    lambda: fractions.Fraction(1, 2), lambda: [[0.5, 0.5], [0.5]], lambda: [[0, 1], 2], lambda: [None, 0.5], lambda: ["a", 0.5],
    lambda: [0.5, 10**400], lambda: [[]], lambda: [], lambda: (), lambda: [[[[]]]], lambda: [0.5] * 1000,
    lambda: [np.zeros(3), np.zeros(3)], lambda: [np.zeros(3), np.zeros(2)], lambda: [_masked([0.5] * 3)] * 2,
    lambda: [0.5, np.ma.masked], lambda: _masked(np.full((2, 3), 0.5)), lambda: np.ma.masked, lambda: Conversion(_masked([0.5, 0.5])),
    lambda: np.matrix([[0.5] * 3] * 2), lambda: np.rec.array([(0.5, 1)]), lambda: np.zeros(2, [("a", "f8"), ("b", "i1")])["a"],
    lambda: np.float64(0.5), lambda: np.float16(1), lambda: np.longdouble(0.5), lambda: np.str_("a"), lambda: np.complex64(1),
    lambda: np.datetime64("2020"), lambda: np.array("0.5"), lambda: np.array(None), lambda: np.array([0.5, None]),
    lambda: array.array("d", [0.5, 0.5]), lambda: array.array("q", [0, 1]), lambda: array.array("f"),
    lambda: bytearray(16), lambda: memoryview(bytes(16)), lambda: memoryview(bytearray(16)).cast("d"), lambda: _released(),
    lambda: memoryview(bytearray(48)).cast("d", (2, 3)), lambda: memoryview(bytearray(16))[::2], lambda: memoryview(b"ab").cast("c"),
    lambda: (ctypes.c_double * 2)(), lambda: (ctypes.c_double * 3 * 2)(), lambda: (ctypes.c_int64 * 2)(), lambda: ctypes.c_double(1),
    lambda: (ctypes.c_void_p * 2)(), lambda: (ctypes.c_char_p * 2)(), lambda: ctypes.py_object(1), lambda: DLTensor(), lambda: (DLTensor * 2)(),
    lambda: (ctypes.c_double.__ctype_be__ * 2)(), lambda: _Sequence([0.5]), lambda: Raises(), lambda: Raises(AttributeError),
    lambda: [Raises()], lambda: [Number(0.5, Mine)], lambda: Number(0.5, ValueError), lambda: Impostor(np.ndarray), lambda: Impostor(list),
    lambda: Impostor(float), lambda: Impostor(bool), lambda: Impostor(str), lambda: Impostor(int), lambda: Exporter(lambda: 5), lambda: Exporter(lambda: np.zeros(2)),
    lambda: Exporter(lambda: np.zeros((2, 3)).__dlpack__()), lambda: Exporter(lambda: None, None), lambda: Exporter, lambda: Interface,
]  # fmt: skip

interfaces_of_any_kind = st.one_of(
    interfaces(),
    st.sampled_from([None, 5, [], {}, "x", ()]).map(Interface),
    st.sampled_from([None, 5, "x", _new_capsule(_ADDRESS, b"a", None)]).map(Struct),
)
conversions = st.one_of(
    st.sampled_from([None, 5, "x", [0.5], Ellipsis, np.zeros((2, 3)), np.float64(1)]).map(Conversion),
    errors.map(lambda error: Conversion(None, error)),
)
makers = st.sampled_from([Lazy(make, f"OBJECTS[{place}]") for place, make in enumerate(OBJECTS)])
objects = st.one_of(arrays(), makers, interfaces_of_any_kind, capsules(), conversions)

# For options, beside those above: values near what options may be.
VALUES = [
    True, False, 0, 1, -1, 2, 0.5, -0.5, 1e-300, 1e300, float("nan"), float("inf"), -float("inf"), 2**31, 2**63, -(2**63), 2**70, 10**5000,
    "", "mean", "none", "logits", "0.5", "x" * 10**5, b"0.5", bytearray(b"0.5"), memoryview(b"1"), array.array("b", b"1"), [0.5] * 10**4,
    np.array(0.5), np.array([0.5]), np.array("0.5"), np.array(b"1"), np.array("0.5", object), np.complex128(0.5), np.timedelta64(1),
    np.datetime64(1, "s"), np.bool_(True), np.float32(0.5), np.int8(1), np.uint64(2**64 - 1), np.longdouble("1e4000"),
]  # fmt: skip
values = st.one_of(
    st.sampled_from([Lazy(lambda value=value: value, f"VALUES[{place}]") for place, value in enumerate(VALUES)]),
    errors.map(lambda error: Lazy(lambda: Number(0.5, error), f"Number(0.5, {error.__name__})")),
    makers,
)
