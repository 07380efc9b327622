"""The same numbers as other libraries, where they are installed."""

import numpy as np
import pytest

import xent


@pytest.fixture
def batch():
    random = np.random.default_rng(3)
    z = random.normal(0, 2, (50, 7))
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    return z, p, random.integers(0, 7, 50), random.integers(0, 2, (50, 7))


def test_scikit_learn(batch):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    z, p, labels, binary = batch
    expected = metrics.log_loss(labels, p, labels=range(7))
    assert xent.categorical_cross_entropy(labels, p).loss == pytest.approx(expected, rel=1e-12)
    assert xent.categorical_cross_entropy(labels, z, input="logits").loss == pytest.approx(expected, rel=1e-12)
    expected = metrics.log_loss(binary.ravel(), p.ravel())
    assert xent.binary_cross_entropy(binary, p).loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_torch(batch, reduction):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functional = torch.nn.functional
    z, p, labels, binary = batch
    soft = p[::-1].copy()
    labels_, binary_ = torch.tensor(labels), torch.tensor(binary, dtype=torch.float64)
    cases = [
        (xent.categorical_cross_entropy, labels, z, "logits", functional.cross_entropy, labels_),
        (xent.categorical_cross_entropy, soft, z, "logits", functional.cross_entropy, torch.tensor(soft)),
        (xent.categorical_cross_entropy, labels, np.log(p), "log_probabilities", functional.nll_loss, labels_),
        (xent.binary_cross_entropy, binary, z, "logits", functional.binary_cross_entropy_with_logits, binary_),
        (xent.binary_cross_entropy, binary, p, "probabilities", functional.binary_cross_entropy, binary_),
    ]
    for function, y_true, y_pred, input, peer, target in cases:
        tensor = torch.tensor(y_pred, requires_grad=True)
        loss = peer(tensor, target, reduction=reduction)
        loss.sum().backward()
        result = function(y_true, y_pred, input=input, reduction=reduction, gradient=True)
        np.testing.assert_allclose(result.loss, loss.detach().numpy(), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(result.gradient, tensor.grad.numpy(), rtol=1e-11, atol=1e-14)
