"""Three clusters told apart by a softmax layer; the gradient overwrites the logits, so a step allocates little."""

import numpy as np

import xent

random = np.random.default_rng(0)
labels = random.integers(0, 3, 600)
centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
points = (centres[labels] + random.normal(size=(600, 2))).astype(np.float32)
features = np.hstack([points, np.ones((600, 1), np.float32)])

theta = np.zeros((3, 3), np.float32)
logits = np.empty((600, 3), np.float32)
for step in range(101):
    np.matmul(features, theta, out=logits)
    correct = (logits.argmax(axis=1) == labels).mean()
    result = xent.categorical_cross_entropy(labels, logits, input="logits", gradient=logits)
    if step % 25 == 0:
        print(f"step {step:3}  loss {result.loss:.4f}  perplexity {result.perplexity:.3f}  accuracy {correct:.3f}")
    xent.gradient_descent(theta, features.T @ logits, 1.0)
