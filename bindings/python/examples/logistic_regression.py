"""Logistic regression in NumPy: xent gives the loss and its gradient, and takes the steps."""

import numpy as np

import xent

random = np.random.default_rng(0)
features = random.normal(size=(5000, 3))
weights = np.array([1.5, -2.0, 0.5])
outcomes = random.uniform(size=5000) < 1 / (1 + np.exp(-features @ weights))

theta = np.zeros(3)
for step in range(201):
    result = xent.binary_cross_entropy(outcomes, features @ theta, input="logits", gradient=True)
    if step % 50 == 0:
        print(f"step {step:3}  loss {result.loss:.4f} nats, {result.bits:.4f} bits")
    xent.gradient_descent(theta, features.T @ result.gradient, 1.0)

print("found", theta.round(2), "made with", weights)
