"""xent.torch against torch.nn.functional: the same numbers, gradients that autograd can use, and clear refusals."""

import doctest
import inspect

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
functional = torch.nn.functional

import xent  # noqa: E402
import xent.torch as adapter  # noqa: E402

REDUCTIONS = ["mean", "sum", "none"]
# Shapes of the input, and the axes in memory order, so that every layout but the first has strides of its own.
LAYOUTS = [((5, 4), (0, 1)), ((5, 4), (1, 0)), ((4,), (0,)), ((2, 4, 3), (0, 2, 1)), ((2, 4, 3, 2), (3, 1, 0, 2))]
FLOATING = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(1)


def laid_out(values, order):
    """The same values with memory in another order of the axes."""
    inverse = [order.index(axis) for axis in range(len(order))]
    return values.permute(order).contiguous().permute(inverse)


def rows_of(shape):
    return shape[:1] * (len(shape) > 1) + shape[2:]


def with_gradient(function, input, *arguments, **options):
    """The loss, and the gradient of its sum over rows with differing factors."""
    input = input.detach().requires_grad_()
    loss = function(input, *arguments, **options)
    factors = torch.linspace(0.5, 2, max(loss.numel(), 1), dtype=loss.dtype)[: loss.numel()].reshape(loss.shape)
    (loss * factors).sum().backward()
    return loss.detach(), input.grad


def assert_same(ours, theirs, rtol=1e-12, atol=1e-14):
    for got, expected in zip(ours, theirs):
        assert got.dtype == expected.dtype
        assert got.shape == expected.shape
        torch.testing.assert_close(got, expected, rtol=rtol, atol=atol, equal_nan=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("target", ["labels", "ignored labels", "another ignored", "probabilities"])
def test_cross_entropy(reduction, layout, smoothing, weighted, target):
    shape, order = layout
    input = laid_out(torch.randn(shape, dtype=torch.float64) * 3, order)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    if target == "probabilities":
        y = laid_out(torch.rand(shape, dtype=torch.float64), order)
    else:
        y = torch.randint(0, 4, rows_of(shape))
        if target == "ignored labels":
            y.view(-1)[::2] = -100
        if target == "another ignored":
            options["ignore_index"] = 2
    if weighted:
        options["weight"] = torch.tensor([0.5, 2, 1.5, 3], dtype=torch.float64)
    ours = with_gradient(adapter.cross_entropy, input, y, **options)
    assert_same(ours, with_gradient(functional.cross_entropy, input, y, **options))
    with torch.no_grad():
        assert torch.equal(adapter.cross_entropy(input, y, **options).nan_to_num(), ours[0].nan_to_num())


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("weight", [None, (), (1,), "last", "whole"])
@pytest.mark.parametrize("pos_weight", [None, (), "last", "column", "whole"])
def test_binary_cross_entropy_with_logits(reduction, layout, weight, pos_weight):
    shape, order = layout
    shapes = {"last": shape[-1:], "column": (*shape[-2:-1], 1), "whole": shape}
    input = laid_out(torch.randn(shape, dtype=torch.float64) * 3, order)
    target = laid_out(torch.rand(shape, dtype=torch.float64), order)
    options = {"reduction": reduction}
    for name, form in (("weight", weight), ("pos_weight", pos_weight)):
        if form is not None:
            options[name] = torch.rand(shapes.get(form, form), dtype=torch.float64) + 0.5
    ours = with_gradient(adapter.binary_cross_entropy_with_logits, input, target, **options)
    theirs = with_gradient(functional.binary_cross_entropy_with_logits, input, target, **options)
    assert_same(ours, theirs, rtol=1e-11)


# PyTorch's own error in float32 and 16 bits is what sets the bounds.
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("label", [[2], [-100]])
def test_one_row_with_a_vector_of_one_label(reduction, label):
    input, label = torch.randn(5, dtype=torch.float64), torch.tensor(label)
    ours = with_gradient(adapter.cross_entropy, input, label, reduction=reduction)
    assert_same(ours[:1], [functional.cross_entropy(input, label, reduction=reduction)])
    # PyTorch's backward pass takes a label of shape () only.
    assert_same(ours, with_gradient(functional.cross_entropy, input, label[0], reduction=reduction))


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("target_type", FLOATING, ids=str)
def test_types(dtype, reduction, target_type):
    bound = {torch.float64: 1e-12, torch.float32: 2e-6, torch.float16: 4e-3, torch.bfloat16: 3e-2}
    input = torch.randn(6, 5).to(dtype)
    tolerance = max(bound[dtype], bound[target_type], 2e-6 if dtype != torch.float64 else 0)
    tolerance = {"rtol": tolerance, "atol": tolerance}
    labels = torch.randint(0, 5, (6,))
    options = {"reduction": reduction}
    theirs = with_gradient(functional.cross_entropy, input, labels, **options)
    assert_same(with_gradient(adapter.cross_entropy, input, labels, **options), theirs, **tolerance)
    for name in ("cross_entropy", "binary_cross_entropy_with_logits"):
        target = torch.rand(6, 5).to(target_type)
        ours = with_gradient(getattr(adapter, name), input, target, **options)
        assert_same(ours, with_gradient(getattr(functional, name), input, target, **options), **tolerance)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_16_bits_are_the_float32_results_rounded(dtype):
    input, labels = torch.randn(6, 5).to(dtype), torch.randint(0, 5, (6,))
    loss, gradient = with_gradient(adapter.cross_entropy, input.float(), labels)
    ours = with_gradient(adapter.cross_entropy, input, labels)
    assert torch.equal(ours[0], loss.to(dtype))
    torch.testing.assert_close(ours[1], gradient.to(dtype))


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("target_type", FLOATING, ids=str)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_autocast(dtype, target_type, reduction):
    bound = {torch.float64: 2e-6, torch.float32: 2e-6, torch.float16: 1e-3, torch.bfloat16: 1e-2}
    input, soft = torch.randn(6, 5).to(dtype), torch.rand(6, 5).to(target_type)
    for name, target in [
        ("cross_entropy", torch.randint(0, 5, (6,))),
        ("cross_entropy", soft),
        ("binary_cross_entropy_with_logits", soft),
    ]:
        ours, theirs = getattr(adapter, name), getattr(functional, name)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss, gradient = with_gradient(ours, input, target, reduction=reduction)
            expected, peer = with_gradient(theirs, input, target, reduction=reduction)
            with torch.autocast("cpu", enabled=False):
                assert ours(input, target).dtype == theirs(input, target).dtype
        assert_same([loss], [expected], rtol=2e-6, atol=2e-6)
        assert_same([gradient], [peer], rtol=bound[dtype], atol=1e-6)


def test_autocast_of_a_model():
    layer, labels = torch.nn.Linear(3, 4), torch.randint(0, 4, (20,))
    features = torch.randn(20, 3)
    results = []
    for function in (adapter.cross_entropy, functional.cross_entropy):
        layer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = function(layer(features), labels)
        loss.backward()
        results.append((loss.detach(), layer.weight.grad.clone()))
    assert results[0][0].dtype == torch.float32
    assert_same(results[0][:1], results[1][:1], rtol=1e-6)
    assert_same(results[0][1:], results[1][1:], rtol=1e-2, atol=1e-3)


def test_gradients_of_float16_survive_until_a_loss_is_scaled_up():
    input = torch.zeros(4096, 64, dtype=torch.float16, requires_grad=True)
    (adapter.cross_entropy(input, torch.zeros(4096, dtype=torch.int64)) * 4096).backward()
    # 1/64 divided by 4096 rows has half of its digits in float16.
    torch.testing.assert_close(input.grad[:, 1:], torch.full((4096, 63), 1 / 64, dtype=torch.float16), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8], ids=str)
def test_label_types(dtype):
    input, labels = torch.randn(6, 5), torch.randint(0, 5, (6,))
    expected = adapter.cross_entropy(input, labels)
    assert torch.equal(adapter.cross_entropy(input, labels.to(dtype)), expected)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_nothing_to_average(reduction):
    ignored = torch.tensor([-100, -100])
    for input, target, options in [
        (torch.randn(2, 3), ignored, {}),
        (torch.randn(2, 3), ignored, {"label_smoothing": 0.1, "weight": torch.ones(3)}),
        (torch.randn(3), torch.tensor(-100), {}),
        (torch.randn(0, 3), ignored[:0], {}),
        (torch.randn(0, 3), torch.randn(0, 3), {}),
    ]:
        ours = with_gradient(adapter.cross_entropy, input, target, reduction=reduction, **options)
        assert_same(ours, with_gradient(functional.cross_entropy, input, target, reduction=reduction, **options))
    nothing = torch.randn(0, 3)
    ours = with_gradient(adapter.binary_cross_entropy_with_logits, nothing, nothing, reduction=reduction)
    theirs = with_gradient(functional.binary_cross_entropy_with_logits, nothing, nothing, reduction=reduction)
    assert_same(ours, theirs)


def test_weights_of_zero():
    input = torch.randn(2, 3)
    loss, gradient = with_gradient(adapter.cross_entropy, input, torch.tensor([0, 1]), torch.zeros(3))
    assert loss.isnan()
    assert not gradient.any()
    target = torch.rand(2, 3)
    assert adapter.binary_cross_entropy_with_logits(input, target, torch.tensor(0.0)) == 0


@pytest.mark.parametrize("size_average", [None, False, True])
@pytest.mark.parametrize("reduce", [None, False, True])
def test_deprecated_arguments(size_average, reduce):
    input, labels, target = torch.randn(3, 4), torch.randint(0, 4, (3,)), torch.rand(3, 4)
    deprecated = {"size_average": size_average, "reduce": reduce}
    for name, y in (("cross_entropy", labels), ("binary_cross_entropy_with_logits", target)):
        ours, theirs = getattr(adapter, name), getattr(functional, name)
        if deprecated == {"size_average": None, "reduce": None}:
            assert_same([ours(input, y, **deprecated)], [theirs(input, y)], rtol=1e-5)
            continue
        with pytest.warns(UserWarning, match="size_average and reduce are deprecated") as record:
            loss = ours(input, y, **deprecated, reduction="none")
        assert record[0].filename == __file__
        with pytest.warns(UserWarning):
            assert_same([loss], [theirs(input, y, **deprecated)], rtol=1e-5)


def test_signatures():
    for name in ("cross_entropy", "binary_cross_entropy_with_logits"):
        ours = inspect.signature(getattr(adapter, name)).parameters
        theirs = inspect.signature(getattr(functional, name)).parameters
        assert [(p.name, p.kind, p.default) for p in ours.values()] == [
            (p.name, p.kind, p.default) for p in theirs.values()
        ]
        for parameter in ours:
            assert parameter in getattr(adapter, name).__doc__


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_gradcheck(reduction, layout):
    shape, order = layout
    input = laid_out(torch.randn(shape, dtype=torch.float64), order).requires_grad_()
    labels, soft = torch.randint(0, 4, rows_of(shape)), torch.rand(shape, dtype=torch.float64)
    labels.view(-1)[1::3] = -100
    weight = torch.tensor([0.5, 2, 1.5, 3], dtype=torch.float64)
    for options in ({}, {"weight": weight}, {"label_smoothing": 0.3}, {"weight": weight, "label_smoothing": 0.3}):
        for target in (labels, soft):
            assert torch.autograd.gradcheck(
                lambda x, t=target, o=options: adapter.cross_entropy(x, t, reduction=reduction, **o), input
            )
    for options in ({}, {"weight": soft.flip(0)}, {"pos_weight": soft[..., :1]}, {"weight": soft, "pos_weight": soft}):
        assert torch.autograd.gradcheck(
            lambda x, o=options: adapter.binary_cross_entropy_with_logits(x, soft, reduction=reduction, **o), input
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_second_backward_pass_gives_the_same(reduction):
    input, labels = torch.randn(6, 5, requires_grad=True), torch.randint(0, 5, (6,))
    loss = adapter.cross_entropy(input, labels, reduction=reduction).sum() * 3
    loss.backward(retain_graph=True)
    first = input.grad.clone()
    input.grad.zero_()  # what the first pass gave is no longer ours
    loss.backward(retain_graph=True)
    assert torch.equal(input.grad, first)
    loss.backward()
    assert torch.equal(input.grad, 2 * first)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_a_second_backward_pass_after_a_change_is_refused():
    input = torch.randn(6, 5, requires_grad=True)
    logits = input * 2
    loss = adapter.cross_entropy(logits, torch.randint(0, 5, (6,)))
    logits.detach().zero_()
    loss.backward(retain_graph=True)  # as in PyTorch, which does not keep the logits either
    assert input.grad.any()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_memory_of_the_gradient():
    input = laid_out(torch.randn(6, 5), (1, 0)).requires_grad_()
    adapter.cross_entropy(input, torch.randint(0, 5, (6,))).backward()
    assert input.grad.stride() == input.stride()


def test_second_derivatives_are_refused():
    input, labels = torch.randn(6, 5, requires_grad=True), torch.randint(0, 5, (6,))
    loss = adapter.cross_entropy(input, labels)
    (gradient,) = torch.autograd.grad(loss, input, create_graph=True)
    torch.testing.assert_close(gradient, with_gradient(functional.cross_entropy, input, labels)[1] * 2)
    with pytest.raises(xent.XentError, match="no second derivatives"):
        gradient.square().sum().backward()


@pytest.mark.parametrize("requires_grad", [False, True])
def test_transforms_are_refused(requires_grad):
    input, labels = torch.randn(6, 5, requires_grad=requires_grad), torch.randint(0, 5, (6,))
    message = "does not support the transforms of torch.func"
    for transformed in (
        torch.func.grad(adapter.cross_entropy),
        torch.func.vmap(adapter.cross_entropy),
        torch.func.hessian(adapter.cross_entropy),
        torch.func.grad(lambda x, y: adapter.binary_cross_entropy_with_logits(x, torch.ones(6, 5))),
    ):
        with pytest.raises(xent.XentError, match=message):
            transformed(input, labels)
    with pytest.raises(xent.XentError, match=message):
        torch.func.vmap(lambda y: adapter.cross_entropy(input[0], y))(labels)
    adapter.cross_entropy(input, labels)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_forward_mode_is_refused(requires_grad):
    forward = torch.autograd.forward_ad
    input, soft = torch.randn(6, 5, requires_grad=requires_grad), torch.rand(6, 5)
    with forward.dual_level():
        adapter.cross_entropy(input, soft)
        for arguments in (
            (forward.make_dual(input, torch.ones(6, 5)), soft),
            (input, forward.make_dual(soft, torch.ones(6, 5))),
        ):
            with pytest.raises(xent.XentError, match="does not support forward-mode"):
                adapter.cross_entropy(*arguments)


def test_expanded_and_shared_tensors():
    row = torch.randn(1, 5, dtype=torch.float64)
    labels = torch.randint(0, 5, (6,))
    for function in (lambda x: x.expand(6, 5), lambda x: x.repeat(6, 1).t().contiguous().t()):
        ours = with_gradient(lambda x, f=function: adapter.cross_entropy(f(x), labels), row)
        assert_same(ours, with_gradient(lambda x, f=function: functional.cross_entropy(f(x), labels), row))


def test_parameters_and_training():
    layer = torch.nn.Linear(3, 4)
    peer = torch.nn.Linear(3, 4)
    peer.load_state_dict(layer.state_dict())
    features, labels = torch.randn(20, 3), torch.randint(0, 4, (20,))
    for model, loss in ((layer, adapter.CrossEntropyLoss()), (peer, torch.nn.CrossEntropyLoss())):
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        for _ in range(20):
            optimizer.zero_grad()
            loss(model(features), labels).backward()
            optimizer.step()
    torch.testing.assert_close(layer.weight, peer.weight, rtol=1e-4, atol=1e-5)


def test_modules():
    input, labels, target = torch.randn(6, 5), torch.randint(0, 5, (6,)), torch.rand(6, 5)
    weight = torch.rand(5) + 0.5
    options = {"weight": weight, "ignore_index": 2, "reduction": "sum", "label_smoothing": 0.1}
    ours, theirs = adapter.CrossEntropyLoss(**options), torch.nn.CrossEntropyLoss(**options)
    assert_same([ours(input, labels)], [theirs(input, labels)], rtol=1e-5)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    options = {"weight": weight, "reduction": "none", "pos_weight": weight.flip(0)}
    ours, theirs = adapter.BCEWithLogitsLoss(**options), torch.nn.BCEWithLogitsLoss(**options)
    assert_same([ours(input, target)], [theirs(input, target)], rtol=1e-5, atol=1e-6)


def test_confident_rows_keep_their_digits():
    input = torch.tensor([[30.0, 0.0]], requires_grad=True)
    loss = adapter.cross_entropy(input, torch.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(9.357622968840175e-14, rel=1e-6)  # log(1 + e^-30)
    assert input.grad[0, 0].item() == pytest.approx(-9.357622968839737e-14, rel=1e-6)


X, LABELS, SOFT = torch.zeros(2, 3), torch.tensor([0, 1]), torch.full((2, 3), 0.5)
REQUIRING = torch.ones(3, requires_grad=True)


@pytest.mark.parametrize(
    ("error", "message", "arguments", "options"),
    [
        (xent.ElementTypeError, "^input is of type list", ([[0.0]], LABELS), {}),
        (xent.ElementTypeError, "^input has element type torch.int64", (X.long(), LABELS), {}),
        (xent.ElementTypeError, "^input lies on meta", (X.to("meta"), LABELS), {}),
        (xent.ElementTypeError, "^input has layout torch.sparse_coo", (X.to_sparse(), LABELS), {}),
        (xent.ElementTypeError, "^target is of type list", (X, [0, 1]), {}),
        (xent.ElementTypeError, "^target lies on meta", (X, LABELS.to("meta")), {}),
        (xent.ElementTypeError, "^target .*labels.* torch.float32, expected torch.int64", (X, LABELS.float()), {}),
        (xent.ElementTypeError, "^target .*input.* torch.int64, expected torch.float32", (X, SOFT.long()), {}),
        (xent.ElementTypeError, "^target has element type torch.bool", (X, LABELS.bool()), {}),
        (xent.ElementTypeError, "^weight has element type torch.int64", (X, LABELS, torch.ones(3).long()), {}),
        (xent.ElementTypeError, "^weight has layout", (X, LABELS, torch.ones(3).to_sparse()), {}),
        (xent.ElementTypeError, "^weight requires a gradient", (X, LABELS, REQUIRING), {}),
        (xent.ElementTypeError, "^target requires a gradient", (X, SOFT.clone().requires_grad_()), {}),
        (xent.ShapeError, r"^input has shape \(\)", (X[0, 0], LABELS), {}),
        (xent.ShapeError, r"^target has shape \(1,\), expected \(2,\) for labels or \(2, 3\)", (X, LABELS[:1]), {}),
        (xent.ShapeError, r"^target has shape \(1, 1\), expected \(\)", (X[0], LABELS[:1, None]), {}),
        (xent.ElementTypeError, "^target .*labels.* torch.float32", (X[0], SOFT[0, :1]), {}),
        (xent.ShapeError, r"^weight has shape \(2,\), expected \(3,\)", (X, LABELS, torch.ones(2)), {}),
        (xent.OptionError, "^ignore_index is 1, but target holds class prob", (X, SOFT), {"ignore_index": 1}),
        (xent.OptionError, "^reduction is", (X, LABELS), {"reduction": "batch"}),
        (xent.OptionError, "label_smoothing", (X, LABELS), {"label_smoothing": 1.5}),
        (xent.LabelError, r"labels\[1\] is 3, outside \[0, 3\)", (X, torch.tensor([0, 3])), {}),
        (xent.TargetError, r"^target\[0, 0\] is -0.5", (X, -SOFT), {}),
        (xent.OptionError, r"^weight\[0\] is nan", (X, LABELS, torch.full((3,), float("nan"))), {}),
        (xent.ShapeError, "^input has 0 classes", (X[:, :0], LABELS), {}),
    ],
)
def test_refused(error, message, arguments, options):
    with pytest.raises(error, match=message):
        adapter.cross_entropy(*arguments, **options)


@pytest.mark.parametrize(
    ("error", "message", "target", "options"),
    [
        (xent.ElementTypeError, "^target has element type torch.int64", SOFT.long(), {}),
        (xent.ShapeError, r"^target has shape \(3,\), expected that of input, \(2, 3\)", SOFT[0], {}),
        (xent.ShapeError, r"^weight has shape \(2,\), which does not broadcast", SOFT, {"weight": torch.ones(2)}),
        (xent.ShapeError, "^pos_weight has shape", SOFT, {"pos_weight": torch.ones(4, 2, 3)}),
        (xent.ElementTypeError, "^pos_weight requires a gradient", SOFT, {"pos_weight": REQUIRING}),
        (xent.TargetError, r"^target\[0, 0\] is 1.5", SOFT * 3, {}),
        (xent.OptionError, r"^weight\[0\] is inf", SOFT, {"weight": torch.full((3,), float("inf"))}),
        (xent.OptionError, r"^pos_weight\[0\] is inf", SOFT, {"pos_weight": torch.full((3,), float("inf"))}),
        (xent.OptionError, "^pos_weight holds", SOFT, {"pos_weight": torch.full((2, 1), float("nan"))}),
        (xent.TargetError, "^target holds values outside", SOFT * 3, {"pos_weight": torch.ones(2, 1)}),
    ],
)
def test_binary_refused(error, message, target, options):
    with pytest.raises(error, match=message):
        adapter.binary_cross_entropy_with_logits(X, target, **options)


def test_without_gradients_others_may_require_them():
    with torch.no_grad():
        adapter.cross_entropy(X, LABELS, REQUIRING)


def test_docstrings():
    assert doctest.testmod(adapter).failed == 0
    assert adapter.__all__ == sorted(adapter.__all__)
