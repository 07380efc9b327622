"""The same numbers as other libraries, where they are installed; from xent, and from the reference of its tests."""

import numpy as np
import pytest
import reference_options

import xent


def of_library(function):
    def call(*arguments, **options):
        result = function(*arguments, gradient=True, **options)
        return np.asarray(result.loss, np.float64), result.gradient

    return call


def of_reference(function):
    def call(*arguments, **options):
        result = function(*arguments, **options)
        return np.asarray(result.loss, np.float64), np.asarray(result.gradient, np.float64)

    return call


@pytest.fixture(params=["library", "reference"])
def losses(request):
    """(binary, categorical), each of which returns loss and gradient."""
    if request.param == "library":
        return of_library(xent.binary_cross_entropy), of_library(xent.categorical_cross_entropy)
    return of_reference(reference_options.binary), of_reference(reference_options.categorical)


@pytest.fixture
def batch():
    random = np.random.default_rng(3)
    z = random.normal(0, 2, (50, 7))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return z, p, random.integers(0, 7, 50), random.integers(0, 2, (50, 7))


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


@pytest.fixture
def optax():
    optax = pytest.importorskip("optax", reason="optax is not installed")
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield optax
    jax.config.update("jax_enable_x64", before)


def assert_same(got, loss, gradient=None):
    np.testing.assert_allclose(got[0], loss, rtol=1e-12, atol=1e-14)
    if gradient is not None:
        np.testing.assert_allclose(got[1], gradient, rtol=1e-11, atol=1e-14)


def differentiated(torch, peer, y_pred):
    """A peer's loss, and the gradient of its sum."""
    tensor = torch.tensor(y_pred, requires_grad=True)
    loss = peer(tensor)
    loss.sum().backward()
    return loss.detach().numpy(), tensor.grad.numpy()


def test_scikit_learn(batch, losses):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    binary, categorical = losses
    z, p, labels, targets = batch
    expected = metrics.log_loss(labels, p, labels=range(7))
    assert_same(categorical(labels, p), expected)
    assert_same(categorical(labels, z, input="logits"), expected)
    assert_same(binary(targets, p), metrics.log_loss(targets.ravel(), p.ravel()))
    s = np.random.default_rng(4).uniform(0, 2, targets.shape)
    expected = metrics.log_loss(labels, p, labels=range(7), sample_weight=s[:, 0])
    assert_same(categorical(labels, p, sample_weights=s[:, 0].copy()), expected)
    expected = metrics.log_loss(targets.ravel(), p.ravel(), sample_weight=s.ravel())
    assert_same(binary(targets, p, sample_weights=s), expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_torch(batch, losses, torch, reduction):
    functional = torch.nn.functional
    binary, categorical = losses
    z, p, labels, targets = batch
    soft = p[::-1].copy()
    labels_, targets_ = torch.tensor(labels), torch.tensor(targets, dtype=torch.float64)
    cases = [
        (categorical, labels, z, "logits", functional.cross_entropy, labels_),
        (categorical, soft, z, "logits", functional.cross_entropy, torch.tensor(soft)),
        (categorical, labels, np.log(p), "log_probabilities", functional.nll_loss, labels_),
        (binary, targets, z, "logits", functional.binary_cross_entropy_with_logits, targets_),
        (binary, targets, p, "probabilities", functional.binary_cross_entropy, targets_),
    ]
    for function, y_true, y_pred, input, peer, target in cases:
        expected = differentiated(torch, lambda x, f=peer, t=target: f(x, t, reduction=reduction), y_pred)
        assert_same(function(y_true, y_pred, input=input, reduction=reduction), *expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.15, 1.0])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("target", ["labels", "ignored labels", "distribution"])
def test_torch_cross_entropy(batch, losses, torch, reduction, smoothing, weighted, target):
    _, categorical = losses
    z, p, labels, _ = batch
    theirs, ours = {}, {}
    y_true = p[::-1].copy() if target == "distribution" else labels.copy()
    if target == "ignored labels":
        y_true[::3] = -100
        theirs["ignore_index"] = ours["ignore_index"] = -100
    if weighted:
        ours["class_weights"] = np.array([0.5, 2, 1, 0, 3, 0.25, 1.5])
        theirs["weight"] = torch.tensor(ours["class_weights"])
    expected = differentiated(
        torch,
        lambda x: torch.nn.functional.cross_entropy(
            x, torch.tensor(y_true), reduction=reduction, label_smoothing=smoothing, **theirs
        ),
        z,
    )
    got = categorical(y_true, z, input="logits", reduction=reduction, label_smoothing=smoothing, **ours)
    assert_same(got, *expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("each", [False, True])
def test_torch_binary_weights(batch, losses, torch, reduction, each):
    binary, _ = losses
    z, p, _, targets = batch
    random = np.random.default_rng(5)
    weight, pos_weight = random.uniform(0, 2, targets.shape), random.uniform(0.5, 3, 7) if each else np.array(2.5)
    t = torch.tensor(targets, dtype=torch.float64)
    functional = torch.nn.functional
    # PyTorch divides by the number of elements, whatever the weights.
    divisor = {"divisor": "count"} if reduction == "mean" else {}
    expected = differentiated(
        torch,
        lambda x: functional.binary_cross_entropy_with_logits(
            x, t, weight=torch.tensor(weight), pos_weight=torch.tensor(pos_weight), reduction=reduction
        ),
        z,
    )
    weights = {"sample_weights": weight, **divisor}
    assert_same(binary(targets, z, input="logits", reduction=reduction, pos_weight=pos_weight, **weights), *expected)
    expected = differentiated(
        torch, lambda x: functional.binary_cross_entropy(x, t, weight=torch.tensor(weight), reduction=reduction), p
    )
    assert_same(binary(targets, p, reduction=reduction, **weights), *expected)


def test_torch_kl_divergence(batch, losses, torch):
    _, categorical = losses
    _, p, _, _ = batch
    t = p[::-1].copy()
    t[:, 2] = 0
    for ours, theirs in (("sum", "sum"), ("mean", "batchmean")):
        expected = differentiated(
            torch, lambda q, how=theirs: torch.nn.functional.kl_div(q, torch.tensor(t), reduction=how), np.log(p)
        )
        got = categorical(t, np.log(p), input="log_probabilities", measure="kl_divergence", reduction=ours)
        assert_same(got, *expected)


def test_torch_autograd_of_scale_cap_and_z_loss(batch, losses, torch):
    _, categorical = losses
    z, _, labels, _ = batch
    s = np.random.default_rng(6).uniform(0, 2, len(labels))

    def peer(x):
        x = 3 * torch.tanh(0.7 * x / 3)
        each = torch.nn.functional.cross_entropy(x, torch.tensor(labels), reduction="none")
        return (torch.tensor(s) * (each + 0.01 * torch.logsumexp(x, -1) ** 2)).sum() / s.sum()

    got = categorical(
        labels, z, input="logits", logit_scale=0.7, logit_softcap=3.0, z_loss=0.01, sample_weights=s
    )  # fmt: skip
    assert_same(got, *differentiated(torch, peer, z))


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_torch_autograd_of_categorical_focal_and_poly(batch, losses, torch, gamma):
    _, categorical = losses
    z, p, _, _ = batch
    t, w = p[::-1].copy(), np.array([0.5, 2, 1, 0, 3, 0.25, 1.5])

    def peer(x):
        log_p = torch.log_softmax(x, -1)
        rest = 1 - torch.exp(log_p)
        each = rest**gamma * -log_p + 0.7 * rest + torch.log(torch.tensor(t))
        return (torch.tensor(w * t) * each).sum(-1).mean()

    got = categorical(
        t, z, input="logits", focal_gamma=gamma, poly_epsilon=0.7, class_weights=w, measure="kl_divergence"
    )  # fmt: skip
    assert_same(got, *differentiated(torch, peer, z))


def test_torch_hessian(batch, torch):
    z, _, labels, _ = batch
    w = np.array([0.5, 2, 1, 0, 3, 0.25, 1.5])
    z, labels = z[:4], labels[:4]

    def peer(x):
        x = 0.7 * x
        loss = torch.nn.functional.cross_entropy(
            x, torch.tensor(labels), weight=torch.tensor(w), label_smoothing=0.1, reduction="sum"
        )
        return loss + (0.01 * torch.tensor(w[labels]) * torch.logsumexp(x, -1) ** 2).sum()

    matrix = torch.autograd.functional.hessian(peer, torch.tensor(z)).numpy()
    expected = np.einsum("rcrc->rc", matrix)
    options = dict(
        input="logits", reduction="sum", logit_scale=0.7, z_loss=0.01, class_weights=w, label_smoothing=0.1
    )  # fmt: skip
    for got in (
        reference_options.categorical(labels, z, **options),
        xent.categorical_cross_entropy(labels, z, hessian=True, **options),
    ):
        np.testing.assert_allclose(np.asarray(got.hessian, np.float64), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("alpha", [None, 0.25])
def test_optax_focal(batch, losses, optax, alpha, gamma):
    binary, _ = losses
    z, p, _, targets = batch
    expected = np.asarray(optax.losses.sigmoid_focal_loss(z, targets.astype(np.float64), alpha=alpha, gamma=gamma))
    options = dict(reduction="none", focal_gamma=gamma, focal_alpha=alpha)
    # Written with p and not its logarithm's exact forms, the peer loses a few digits.
    np.testing.assert_allclose(binary(targets, z, input="logits", **options)[0], expected, rtol=1e-10, atol=1e-13)
    sigmoid = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(binary(targets, sigmoid, **options)[0], expected, rtol=1e-10, atol=1e-13)


def test_optax_poly_and_smoothing(batch, losses, optax):
    _, categorical = losses
    z, p, labels, _ = batch
    one_hot = np.eye(7)[labels]
    if hasattr(optax.losses, "poly_loss_cross_entropy"):
        expected = optax.losses.poly_loss_cross_entropy(z, one_hot, epsilon=2.0)
        got = categorical(labels, z, input="logits", reduction="none", poly_epsilon=2.0)
        assert_same(got, np.asarray(expected))
    smooth = optax.losses.smooth_labels(one_hot, 0.2)
    got = categorical(labels, z, input="logits", reduction="none", label_smoothing=0.2)
    assert_same(got, np.asarray(optax.losses.softmax_cross_entropy(z, smooth)))
    expected = optax.losses.kl_divergence(np.log(p), smooth)
    got = categorical(labels, np.log(p), input="log_probabilities", reduction="none", label_smoothing=0.2,
                      measure="kl_divergence")  # fmt: skip
    np.testing.assert_allclose(got[0], np.asarray(expected), rtol=1e-11, atol=1e-13)
